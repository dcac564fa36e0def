// A page without a kernel: a model that holds the saved state, as far as the views use one.
class SavedModel {
  #state;
  #handlers = new Map();

  constructor(state) {
    this.#state = state;
  }

  get(name) {
    return this.#state[name];
  }

  set(name, value) {
    const changes = typeof name === "string" ? { [name]: value } : name;
    const changed = Object.keys(changes).filter((key) => this.#state[key] !== changes[key]);
    for (const key of changed) this.#state[key] = changes[key];
    for (const key of changed) this.#fire(`change:${key}`, this, changes[key]);
    if (changed.length) this.#fire("change", this);
  }

  on(names, handler) {
    for (const name of names.split(" ")) this.#handlers.set(name, [...(this.#handlers.get(name) ?? []), handler]);
  }

  off(names, handler) {
    for (const name of names ? names.split(" ") : [...this.#handlers.keys()]) {
      const kept = (this.#handlers.get(name) ?? []).filter((other) => handler && other !== handler);
      this.#handlers.set(name, kept);
    }
  }

  save_changes() {}

  send() {}

  #fire(name, ...details) {
    for (const handler of this.#handlers.get(name) ?? []) handler(...details);
  }
}

// Shows the widget whose state is in the element `state-INDEX`, in the element `widget-INDEX`.
function showSaved(render, index) {
  const saved = JSON.parse(document.getElementById(`state-${index}`).textContent);
  for (const { path, data } of saved.buffers) {
    const text = atob(data);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
    const holder = path.slice(0, -1).reduce((value, key) => value[key], saved.state);
    holder[path.at(-1)] = new DataView(bytes.buffer);
  }
  saved.state.offline = true;
  render({ model: new SavedModel(saved.state), el: document.getElementById(`widget-${index}`) });
}
