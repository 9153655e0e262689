import { arrowStep } from "./arrow-keys.js";

export interface PenKeysOptions {
  /** The pen comes down there, in parts of the side, y downwards. */
  readonly onDown: (x: number, y: number) => void;
  /** It has moved there, up or down, or its mark has come or gone. */
  readonly onMove: (x: number, y: number) => void;
  readonly onUp: () => void;
  /** The last stroke is taken back. */
  readonly onDelete: () => void;
  /** Says what the pen does, to a screen reader. */
  readonly say: (text: string) => void;
}

export interface PenKeys {
  /** Where its mark is to be drawn, if it is. */
  shown(): readonly [number, number] | undefined;
  isDown(): boolean;
  /** Takes the pen up without a word, as another stroke begins. */
  lift(): void;
}

/** Parts of the side that one press of an arrow moves the pen. */
const stride = 0.025;

/**
 * A pen that keys move, where the element has the focus: arrows, faster with Shift; Space or Enter takes it
 * down and up; Backspace or Delete takes the last stroke back.
 */
export function penKeys(element: HTMLElement, options: PenKeysOptions): PenKeys {
  let [x, y] = [0.5, 0.5];
  let isDown = false;
  let isShown = false;
  element.tabIndex = 0;
  element.setAttribute("role", "application");
  element.setAttribute("aria-roledescription", "pad to draw on");
  const toggle = (): void => {
    isDown = !isDown;
    if (isDown) options.onDown(x, y);
    else {
      options.onMove(x, y);
      options.onUp();
    }
    options.say(isDown ? "Pen down." : "Pen up.");
  };
  element.addEventListener("keydown", (event) => {
    const arrow = arrowStep(event);
    isShown = true;
    if (arrow) {
      x = within(x + stride * arrow[0]);
      y = within(y - stride * arrow[1]);
      options.onMove(x, y);
      options.say(`${percent(x)} right, ${percent(y)} down`);
    } else if (event.key === " " || event.key === "Enter") {
      toggle();
    } else if (event.key === "Backspace" || event.key === "Delete") {
      isDown = false;
      options.onDelete();
    } else {
      return;
    }
    event.preventDefault();
  });
  element.addEventListener("focus", () => {
    isShown = element.matches(":focus-visible");
    options.onMove(x, y);
  });
  element.addEventListener("blur", () => {
    isShown = false;
    if (isDown) toggle();
    else options.onMove(x, y);
  });
  return {
    shown: () => (isShown ? [x, y] : undefined),
    isDown: () => isDown,
    lift: () => {
      isDown = false;
    },
  };
}

const within = (value: number): number => Math.min(1, Math.max(0, value));
const percent = (value: number): string => `${Math.round(100 * value)} %`;
