/** Calls `mount` once, when the element is within a screen of what is shown. */
export function whenNear(element: HTMLElement, mount: () => void): void {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      mount();
    },
    { rootMargin: "100% 0px" },
  );
  observer.observe(element);
}
