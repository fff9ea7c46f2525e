// umap-js on all rows of all epochs together. Usage: node umap_js.mjs EMBEDDINGS.npy MAP.npy [N_NEIGHBORS MIN_DIST]
//
// Needs `npm install umap-js` in this folder. Files are float32, in C order.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { UMAP } = require("umap-js");
const { version } = require("umap-js/package.json");

const [input, output, nNeighbors = 20, minDist = 0.01] = process.argv.slice(2);
const file = readFileSync(input);
const start = file[6] === 1 ? 10 + file.readUInt16LE(8) : 12 + file.readUInt32LE(8);
const head = file.toString("latin1", 8, start);
if (!head.includes("<f4") || !head.includes("'fortran_order': False")) throw new Error(`${input}: want float32 in C order`);
const shape = head.match(/\(([^)]*)\)/)[1].split(",").filter((s) => s.trim()).map(Number);
const d = shape.at(-1);
const n = shape.reduce((a, b) => a * b) / d;
const values = new Float32Array(file.buffer.slice(file.byteOffset + start, file.byteOffset + start + 4 * n * d));
const rows = Array.from({ length: n }, (_, i) => Array.from(values.subarray(i * d, (i + 1) * d)));

let state = 42; // mulberry32
const random = () => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
const began = performance.now();
const map = new UMAP({ nNeighbors: +nNeighbors, minDist: +minDist, nEpochs: 200, random }).fit(rows);
const cpu = process.cpuUsage();
console.log(`umap-js ${version}: ${((performance.now() - began) / 1e3).toFixed(2)} s wall, ${((cpu.user + cpu.system) / 1e6).toFixed(2)} s CPU`);

let text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${[...shape.slice(0, -1), 2].join(", ")},), }`;
text += " ".repeat(63 - ((10 + text.length) % 64)) + "\n";
const size = Buffer.alloc(2);
size.writeUInt16LE(text.length);
writeFileSync(output, Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), size, Buffer.from(text), Buffer.from(Float32Array.from(map.flat()).buffer)]));
