// The contrast of every text of a page, on canvases too. It is an init script: it has to run before the page's own code.
// axe-core leaves out text of disabled controls, text on a canvas, and placeholders; here they count like any other.
{
  const scratch = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const painted = new Map(); // texts on canvases, by where they are
  const PART = 0.1; // of the pixels under a text may be brighter or darker, where a line of a picture crosses it

  const rgba = (color) => {
    scratch.canvas.width = scratch.canvas.height = 1;
    scratch.fillStyle = color;
    scratch.fillRect(0, 0, 1, 1);
    return scratch.getImageData(0, 0, 1, 1, { colorSpace: "srgb" }).data;
  };
  const over = (front, back) => {
    const alpha = front[3] / 255;
    const mixed = [0, 1, 2].map((c) => alpha * front[c] + (1 - alpha) * back[c]);
    return [...mixed, 255];
  };
  // Relative luminance and contrast ratio as WCAG 2.2 defines them.
  const luminance = (color) => {
    const [r, g, b] = [0, 1, 2].map((c) => {
      const part = color[c] / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };

  // Which pixels of a box the letters cover, and the colors of these pixels before the letters are drawn.
  const under = (ctx, text, at) => {
    const size = ctx.measureText(text);
    const matrix = ctx.getTransform();
    const corners = [
      [at[0] - size.actualBoundingBoxLeft, at[1] - size.actualBoundingBoxAscent],
      [at[0] + size.actualBoundingBoxRight, at[1] - size.actualBoundingBoxAscent],
      [at[0] - size.actualBoundingBoxLeft, at[1] + size.actualBoundingBoxDescent],
      [at[0] + size.actualBoundingBoxRight, at[1] + size.actualBoundingBoxDescent],
    ].map(([x, y]) => matrix.transformPoint(new DOMPoint(x, y)));
    const [x, y] = ["x", "y"].map((axis) => Math.floor(Math.min(...corners.map((corner) => corner[axis]))));
    const [right, bottom] = ["x", "y"].map((axis) => Math.ceil(Math.max(...corners.map((corner) => corner[axis]))));
    const [width, height] = [right - x, bottom - y];
    if (width < 1 || height < 1) return { pixels: [], isChanged: () => false };
    const before = ctx.getImageData(x, y, width, height).data;
    Object.assign(scratch.canvas, { width, height });
    scratch.setTransform(new DOMMatrix([1, 0, 0, 1, -x, -y]).multiply(matrix));
    scratch.font = ctx.font;
    scratch.textAlign = ctx.textAlign;
    scratch.textBaseline = ctx.textBaseline;
    scratch.fillStyle = "black";
    fillText.call(scratch, text, ...at);
    const letters = scratch.getImageData(0, 0, width, height).data;
    const pixels = [];
    for (let k = 0; k < letters.length; k += 4) if (letters[k + 3] > 127) pixels.push(before.slice(k, k + 4));
    const isChanged = () => ctx.getImageData(x, y, width, height).data.some((value, k) => value !== before[k]);
    return { pixels, isChanged };
  };

  const { fillText } = OffscreenCanvasRenderingContext2D.prototype;
  const textsOf = (canvas) => painted.get(canvas) ?? painted.set(canvas, new Map()).get(canvas);
  const spy = (name, see) => {
    const original = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...given) {
      return see.call(this, () => original.apply(this, given), ...given);
    };
  };
  spy("fillText", function (draw, text, ...at) {
    if (window.axe?._running) return draw(); // it draws letters to see whether they are icons
    const place = this.getTransform().transformPoint(new DOMPoint(at[0], at[1]));
    const color = rgba(this.fillStyle);
    color[3] *= this.globalAlpha;
    const { pixels, isChanged } = under(this, text, at);
    draw();
    const isLost = pixels.every((pixel) => pixel.every((part, c) => part === color[c])); // in its own color
    if (!isLost && !isChanged()) return undefined; // outside the clipping region
    textsOf(this.canvas).set(`${text} ${Math.round(place.x)} ${Math.round(place.y)}`, { text, color, pixels });
    return undefined;
  });
  spy("clearRect", function (draw, x, y, width, height) {
    const { a, d } = this.getTransform();
    const isAll = x <= 0 && y <= 0 && a * width >= this.canvas.width - 1 && d * height >= this.canvas.height - 1;
    if (isAll) painted.delete(this.canvas);
    draw();
  });
  spy("drawImage", function (draw, image) {
    draw();
    for (const [place, text] of painted.get(image) ?? []) textsOf(this.canvas).set(place, text); // of a layer
  });

  const backgroundOf = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.push(rgba(getComputedStyle(each).backgroundColor));
    return layers.reduceRight((back, front) => over(front, back), [255, 255, 255, 255]);
  };
  const opacityOf = (element) => {
    let opacity = 1;
    for (let each = element; each; each = each.parentElement) opacity *= Number(getComputedStyle(each).opacity);
    return opacity;
  };
  const isSeen = (element) => {
    const box = element.getBoundingClientRect();
    if (box.width <= 1 || box.height <= 1) return false; // for screen readers only
    return element.checkVisibility({ checkVisibilityCSS: true, opacityProperty: true }); // not what shows when hovered
  };
  const contrastOf = (element, color = getComputedStyle(element).color) => {
    const front = rgba(color);
    front[3] *= opacityOf(element);
    const back = backgroundOf(element);
    return contrast(over(front, back), back);
  };

  const inElements = function* (root) {
    for (const element of [root, ...root.querySelectorAll("*")]) {
      if (!isSeen(element) || element.matches("option, script, style")) continue;
      if (element.matches("canvas")) yield* onCanvas(element);
      const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
      const words = own.map((node) => node.data.trim());
      const text = words.filter(Boolean).join(" ");
      if (text || element.matches("svg, select")) yield [contrastOf(element), text || `<${element.localName}>`];
      if (element.matches("textarea, input:not([type=range], [type=checkbox], [type=radio])")) {
        yield [contrastOf(element), element.value];
        const hint = getComputedStyle(element, "::placeholder").color;
        if (element.placeholder) yield [contrastOf(element, hint), element.placeholder];
      }
      for (const side of ["::before", "::after"]) {
        const { content, color } = getComputedStyle(element, side);
        if (/[\p{L}\p{N}→↓]/u.test(content) && content !== "none") yield [contrastOf(element, color), content];
      }
    }
  };
  const onCanvas = function* (canvas) {
    const back = backgroundOf(canvas);
    for (const { text, color, pixels } of painted.get(canvas)?.values() ?? []) {
      const ratios = pixels.map((pixel) => {
        const behind = over(pixel, back);
        return contrast(over(color, behind), behind);
      });
      ratios.sort((a, b) => a - b);
      if (ratios.length) yield [ratios[Math.floor(PART * ratios.length)], `${text} (on a canvas)`];
    }
  };

  // All texts inside the elements of a selector, as [contrast, text].
  window.contrasts = (selector) => [...document.querySelectorAll(selector)].flatMap((root) => [...inElements(root)]);
}
