import { html } from "./html.js";

let made = 0;
const nextId = (): string => `control-${++made}`;

export interface SliderOptions {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
  /** The value in words, with its unit; the number itself unless given. */
  readonly format?: (value: number) => string;
  /** Called while it moves. */
  readonly onInput?: (value: number) => void;
  /** Called when it is let go. */
  readonly onChange?: (value: number) => void;
}

export interface Control<T> {
  readonly element: HTMLElement;
  value: T;
}

/** A labelled slider that shows its value. */
export function slider(options: SliderOptions): Control<number> {
  const { label, min, max, step, format = String } = options;
  const id = nextId();
  const input = html("input", { type: "range", id, min, max, step });
  // A screen reader has the value of the slider already.
  const output = html("output", { for: id, "aria-live": "off" });
  const show = (): void => {
    output.textContent = format(input.valueAsNumber);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  const setValue = (value: number): void => {
    input.valueAsNumber = value;
    show();
  };
  setValue(options.value);
  input.addEventListener("input", () => {
    show();
    options.onInput?.(input.valueAsNumber);
  });
  input.addEventListener("change", () => options.onChange?.(input.valueAsNumber));
  return {
    element: html("div", { class: "control" }, html("label", { for: id }, label), input, output),
    get value() {
      return input.valueAsNumber;
    },
    set value(value) {
      setValue(value);
    },
  };
}

/** A labelled list to choose one of, each with the name that is shown. */
export function choice<T extends string>(
  label: string,
  names: Readonly<Record<T, string>>,
  value: T,
  onChange: (value: T) => void,
): Control<T> {
  const id = nextId();
  const options = Object.entries<string>(names).map(([key, name]) =>
    html("option", { value: key }, name),
  );
  const select = html("select", { id }, ...options);
  select.value = value;
  select.addEventListener("change", () => {
    onChange(select.value as T);
  });
  return {
    element: html("div", { class: "control" }, html("label", { for: id }, label), select),
    get value() {
      return select.value as T;
    },
    set value(next) {
      select.value = next;
    },
  };
}

/** A labelled line of text. */
export function textField(label: string, placeholder: string): Control<string> {
  const id = nextId();
  const input = html("input", { type: "text", id, placeholder });
  return {
    element: html("div", { class: "control" }, html("label", { for: id }, label), input),
    get value() {
      return input.value;
    },
    set value(next) {
      input.value = next;
    },
  };
}

/** A labelled switch. */
export function toggle(
  label: string,
  value: boolean,
  onChange: (value: boolean) => void,
): Control<boolean> {
  const id = nextId();
  const input = html("input", { type: "checkbox", role: "switch", id, checked: value });
  input.addEventListener("change", () => {
    onChange(input.checked);
  });
  return {
    element: html("div", { class: "control toggle" }, input, html("label", { for: id }, label)),
    get value() {
      return input.checked;
    },
    set value(next) {
      input.checked = next;
    },
  };
}

export function button(label: string, onClick: () => void): HTMLButtonElement {
  const element = html("button", { type: "button" }, label);
  element.addEventListener("click", onClick);
  return element;
}

/** A short fact that changes, such as a rate: `name` says what it is, and `data-name` finds it. */
export function badge(
  name: string,
  label: string,
): { readonly element: HTMLElement; text: string } {
  const value = html("span", { class: "value" }, "–");
  const element = html("span", { class: "badge", "data-badge": name }, `${label} `, value);
  return {
    element,
    get text() {
      return value.textContent;
    },
    set text(text) {
      value.textContent = text;
    },
  };
}
