// Keys. JupyterLab and Notebook 7 take arrows and letters for their own shortcuts, unless the element in focus itself
// says otherwise; setting it on a parent is not enough.
export function ownKeys(element) {
  element.setAttribute("data-lm-suppress-shortcuts", "true");
  return element;
}

// `handlers` by key name: "ArrowLeft", "Home", " ", "+", "-", "Escape" ...; each is called with the event and with a
// factor, 1 or `coarse` while shift is held. Handled keys go nowhere else.
export function bindKeys(view, element, handlers, coarse = 8) {
  ownKeys(element);
  if (element.tabIndex < 0) element.tabIndex = 0;
  view.listen(element, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key === "=" ? "+" : event.key === "_" ? "-" : event.key;
    const handler = handlers[key];
    if (!handler) return;
    event.preventDefault();
    event.stopPropagation();
    handler(event, event.shiftKey ? coarse : 1);
  });
}

// Controls of the browser's own handle their keys themselves; the notebook must not see them.
export function guardControls(view, ...controls) {
  for (const control of controls) {
    ownKeys(control);
    view.listen(control, "keydown", (event) => {
      if (event.key !== "Escape" && event.key !== "Tab") event.stopPropagation();
    });
  }
}
