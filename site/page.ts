import { proxy, wrap, type Remote } from "comlink";
import type { Lab, TaskName, Tasks } from "./lab.js";
import { fetchBytes } from "./page-files.js";
import { decodeNumbers } from "./parts/numbers-json.js";
import type { EngineState } from "./work/bench.js";
import { once } from "./work/once.js";

/** What a section of the page works with. */
export interface Page {
  /**
   * A section's work, `site/work/NAME.ts`, in the worker where the library is. Its functions are called
   * here and run there; arrays and plain objects are copied, a callback has to be wrapped by `proxy`.
   */
  work<Name extends TaskName>(name: Name): Promise<Remote<Tasks[Name]>>;
  /** A file of the page, by its path from the page's root, such as `checkpoints/moons.safetensors`. */
  asset(path: string): Promise<Uint8Array>;
  /** Numbers of pictures that were drawn beforehand, `pictures/NAME.json`, see `site/work/prerender.ts`. */
  drawn(name: string): Promise<unknown>;
  /** Says something to a screen reader, once it is quiet. */
  readonly announce: (text: string) => void;
  /** Calls `told` with how the engine stands, now and whenever that changes. */
  onEngine(told: (state: EngineState) => void): void;
  /** Shows an error where the reader is, and says it. */
  fail(root: HTMLElement, error: unknown): void;
  /** Takes away the error that {@link fail} has shown there. */
  clearError(root: HTMLElement): void;
}

interface OpenLab {
  readonly remote: Remote<Lab>;
  /** Rejected if the worker fails. */
  readonly failed: Promise<never>;
}

/** Opens the page: the library's worker starts with the first work that is asked for. */
export function openPage(live: HTMLElement): Page {
  const listeners: ((state: EngineState) => void)[] = [];
  let state: EngineState = { kind: "idle" };
  const setState = (next: EngineState): void => {
    state = next;
    for (const told of listeners) told(next);
  };
  let lab: OpenLab | undefined;
  const openLab = (): OpenLab => {
    const worker = new Worker("lab.js", { type: "module" });
    const failed = new Promise<never>((_, reject) => {
      worker.addEventListener("error", ({ message }) => {
        const reason = message || "the worker lab.js didn't start; reload the page";
        setState({ kind: "failed", reason });
        reject(new Error(reason));
      });
    });
    failed.catch(() => undefined); // told by whoever asks for work
    const remote = wrap<Lab>(worker);
    void remote.watch(proxy(setState));
    return { remote, failed };
  };
  const announce = (text: string): void => {
    live.textContent = text;
  };
  const clearError = (root: HTMLElement): void => {
    root.querySelector(":scope > .error")?.remove();
  };
  const works = new Map<TaskName, Promise<object>>();
  return {
    // One port for each, in which calls keep their order.
    work: async <Name extends TaskName>(name: Name) => {
      const task = await once(works, name, () => {
        lab ??= openLab();
        return Promise.race([lab.remote.open(name), lab.failed]);
      });
      return task as Remote<Tasks[Name]>;
    },
    asset: fetchBytes,
    drawn: async (name) =>
      decodeNumbers(new TextDecoder().decode(await fetchBytes(`pictures/${name}.json`))),
    announce,
    onEngine: (told) => {
      listeners.push(told);
      told(state);
    },
    fail: (root, error) => {
      const text = error instanceof Error ? error.message : String(error);
      const message = document.createElement("p");
      message.className = "error";
      message.setAttribute("role", "alert");
      message.textContent = text;
      clearError(root);
      root.prepend(message);
    },
    clearError,
  };
}
