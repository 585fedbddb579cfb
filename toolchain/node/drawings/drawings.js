// What Mermaid and Graphviz themselves make of drawings: reads [{form, text}, ...] as JSON from stdin and writes, in the
// same order, {nodes: {id: text as drawn}, edges: [[from, to, text as drawn, line]]}, or {error} where they refuse it.
import { readFileSync } from "node:fs";
import { instance } from "@viz-js/viz";
import { JSDOM } from "jsdom";

// Mermaid draws in a browser's document. This one can't measure: every text has one size, which moves boxes and no more.
const { window } = new JSDOM("<body></body>", { pretendToBeVisual: true });
const { CSSStyleSheet, XMLSerializer } = window;
Object.assign(globalThis, { window, document: window.document, CSSStyleSheet, XMLSerializer });
window.SVGElement.prototype.getBBox = () => ({ x: 0, y: 0, width: 10, height: 10 });
window.SVGElement.prototype.getComputedTextLength = () => 10;
const { default: mermaid } = await import("mermaid");
mermaid.initialize({ startOnLoad: false });
const graphviz = await instance();

async function byMermaid(text, number) {
  const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
  const { svg } = await mermaid.render(`drawing${number}`, text);
  const drawn = new JSDOM(svg).window.document;
  const shown = (selector) => drawn.querySelector(selector)?.textContent.trim() ?? null;
  const nodes = [...db.getVertices().keys()].map((id) => [id, shown(`g.node[id*="-flowchart-${id}-"]`)]);
  const edges = db.getEdges().map((e) => [e.start, e.end, shown(`g.label[data-id="${e.id}"]`) ?? "", e.stroke]);
  return { nodes: Object.fromEntries(nodes), edges };
}

function byGraphviz(text) {
  const { objects = [], edges = [] } = graphviz.renderJSON(text);
  const plain = (written) => written.replaceAll("\\\\", "\\"); // it doubles backslashes in what it tells
  const lines = (part) => (part._ldraw_ ?? []).filter((one) => one.op === "T").map((one) => plain(one.text));
  const names = objects.map((node) => plain(node.name));
  const nodes = objects.map((node, number) => [names[number], lines(node).join("\n")]);
  const ways = edges.map((e) => [names[e.tail], names[e.head], lines(e).join("\n"), e.style ?? "normal"]);
  return { nodes: Object.fromEntries(nodes), edges: ways };
}

const found = [];
for (const [number, { form, text }] of JSON.parse(readFileSync(0, "utf8")).entries()) {
  try {
    found.push(form === "mermaid" ? await byMermaid(text, number) : byGraphviz(text));
  } catch (error) {
    found.push({ error: error.message });
  }
}
console.log(JSON.stringify(found));
