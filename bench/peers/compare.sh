#!/usr/bin/env bash
# Lays one file of embeddings out with this project and with each peer, in the same hour, and measures every map.
#
#   bench/peers/compare.sh EMBEDDINGS.npy LABELS.npy [OUT] [ROUNDS]
#
# Embeddings are E×n×d float32. Prints each one's seconds, round by round (take the minimum, on an idle machine), and its
# quality; maps stay in OUT. A peer that is not installed is named and left out. PEERS="umap uwot" runs only some of:
# ours umap umap1 uwot uwot1 batch js.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
x=$(realpath "$1") labels=$(realpath "$2") out=${3:-$(mktemp -d)} rounds=${4:-3}
mkdir -p "$out"
out=$(realpath "$out")
cd "$here/../.."
go build -o "$out/zoetrope" ./cmd/zoetrope

ours() {
	local db=$out/ours.db
	[ -e "$db" ] || "$out/zoetrope" import --db "$db" --run embeddings --labels "$labels" "$x" >/dev/null
	"$out/zoetrope" project --db "$db" --mode joint --n-neighbors 20 --min-dist 0.01 --n-epochs 200 --json | /usr/bin/python3 -c '
import json, sys
p = json.load(sys.stdin)
print("zoetrope %s: %.2f s wall, %s" % (p["mode"], p["seconds"], ", ".join("%s %.2f" % s for s in p["stages"].items())))'
	"$out/zoetrope" points --db "$db" --format npy -o "$out/ours.npy" 2>/dev/null
}
run() {
	local name=$1
	shift
	case " ${PEERS:-ours umap umap1 uwot uwot1 batch js} " in *" $name "*) ;; *) return ;; esac
	for _ in $(seq "$rounds"); do
		"$@" || { echo "$name: NOT RUN (see README.md for what it needs)"; return; }
	done
	/usr/bin/python3 "$here/quality.py" "$x" "$out/$name.npy" "$labels" | sed "s/^/$name /"
}
run ours ours
run umap /usr/bin/python3 "$here/umap_learn.py" "$x" "$out/umap.npy"
run umap1 /usr/bin/python3 "$here/umap_learn.py" "$x" "$out/umap1.npy" --seed 42
run uwot Rscript "$here/uwot.R" "$x" "$out/uwot.npy" 2
run uwot1 Rscript "$here/uwot.R" "$x" "$out/uwot1.npy" 1
run batch Rscript "$here/uwot.R" "$x" "$out/batch.npy" batch
run js node "$here/umap_js.mjs" "$x" "$out/js.npy"
