// Writes two epochs, 5 and 6, of four samples as Arrow files and a stream, for Go to read.
import fs from "node:fs";
import path from "node:path";
import * as a from "apache-arrow";

const dir = process.argv[2];
const n = 4, dim = 3, epochs = [5, 6];
const column = (f) => epochs.flatMap((e, k) => Array.from({ length: n }, (_, i) => f(e, i, k)));
const vectors = (type) => a.vectorFromArray(column((_, i, k) => Array.from({ length: dim }, (_, d) => ((k * n + i) * dim + d) / 4)), type);
const table = (type) => new a.Table({
  epoch: a.vectorFromArray(column((e) => e), new a.Int32()),
  id: a.vectorFromArray(column((_, i) => ["a", "b", "c", "é"][i]), new a.Utf8()),
  label: a.vectorFromArray(column((_, i) => ["cat", "dog"][i % 2]), new a.Dictionary(new a.Utf8(), new a.Int32())),
  vector: vectors(type),
});
const list = (t) => new a.List(new a.Field("item", t, true));
const write = (name, t, format) => fs.writeFileSync(path.join(dir, name), a.tableToIPC(t, format));
write("list.arrow", table(list(new a.Float32())), "file");
write("fixed.arrow", table(new a.FixedSizeList(dim, new a.Field("item", new a.Float32(), true))), "file");
write("stream.arrows", table(list(new a.Float32())), "stream");
write("half.arrow", table(list(new a.Float16())), "file");
write("double.arrow", table(list(new a.Float64())), "file");
