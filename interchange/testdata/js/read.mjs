// Reads the files that Export wrote, each as a line of JSON.
import fs from "node:fs";
import path from "node:path";
import { tableFromIPC } from "apache-arrow";
import { parquetReadObjects } from "hyparquet";

const dir = process.argv[2];
const plain = (v) => typeof v === "bigint" ? Number(v) : v?.toArray ? Array.from(v.toArray()) : v ?? null;
const row = (r) => Object.fromEntries(["epoch", "id", "label", "prediction", "loss", "confidence", "vector", "x", "y", "text", "count"].map((k) => [k, plain(r[k])]));
const print = (file, rows) => console.log(JSON.stringify({ file, rows }));

const file = fs.readFileSync(path.join(dir, "a.parquet"));
const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
print("a.parquet", (await parquetReadObjects({ file: buffer })).map(row));
for (const name of ["a.arrow", "a.arrows"]) {
  print(name, tableFromIPC(fs.readFileSync(path.join(dir, name))).toArray().map(row));
}
