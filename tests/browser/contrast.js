// Every visible text with the contrast to what is behind it (WCAG 2.2, success criterion 1.4.3), lowest first.
const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
const luminance = (colour) => {
  const [red, green, blue] = channels(colour).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const isOpaque = (colour) => channels(colour).length === 3 || channels(colour)[3] === 1;
const behind = (element) => {
  const colour = getComputedStyle(element).backgroundColor;
  return isOpaque(colour) ? colour : behind(element.parentElement);
};
const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
return [...document.body.querySelectorAll("*")]
  .filter((element) => hasText(element) && element.checkVisibility())
  .map((element) => {
    const style = getComputedStyle(element);
    const [light, dark] = [element instanceof SVGElement ? style.fill : style.color, behind(element)].map(luminance).sort((a, b) => b - a);
    return [(light + 0.05) / (dark + 0.05), element.textContent.trim()];
  })
  .sort((a, b) => a[0] - b[0]);
