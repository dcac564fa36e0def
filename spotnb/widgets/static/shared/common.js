// What the views of one widget have in common. Each view gets a different model object, so the key is the trait
// `_common`, whose value all of them see.

/** @import { View } from "./view.js" */

/** @typedef {{ value: any, views: Set<View> }} Held */

/** @type {Map<string, Held>} */
const held = new Map();

/**
 * The thing of that name which the views of a widget share. The first view creates it, and it is closed with the last.
 * `views` are those that share it.
 * @template T
 * @param {View} view
 * @param {string} name
 * @param {(views: Set<View>) => T} create
 * @param {(value: T) => void} [close]
 * @returns {{ value: T, views: Set<View> }}
 */
export function shareAmongViews(view, name, create, close) {
  const key = `${view.model.get("_common")} ${name}`;
  let common = held.get(key);
  if (!common) {
    /** @type {Set<View>} */
    const views = new Set();
    common = { value: create(views), views };
    held.set(key, common);
  }
  const { value, views } = common;
  views.add(view);
  view.onEnd(() => {
    views.delete(view);
    if (views.size) return;
    held.delete(key);
    close?.(value);
  });
  return common;
}
