// Package interchange reads and writes the files that other tools keep embeddings in: NumPy's .npy and .npz, Parquet,
// Arrow IPC files and streams, and the folders of TensorBoard's projector. It knows samples, epochs and numbers, nothing
// of runs or stores; what they mean is the caller's business.
//
// [Open] takes any of them and gives a [Dataset], read epoch by epoch, so that what it holds in memory is the samples and
// one epoch. [ReadMetadata] reads the CSV, TSV or JSON lines that say more about the samples. [Export] writes what a
// [Source] gives to a file of any of the formats, whole or not at all. [npy.OpenMatrix], [npy.ReadLabels], [npy.OpenImages] and
// [Write] are for single arrays.
//
// The same label, id or prediction is the same text from all of them, whatever its type there: package value says which.
// Metadata keep their types, also through [Export] and back.
//
// Text is UTF-8 without NUL, as every store keeps it, or what [Options] say: what is neither is refused by its place, and
// nothing is ever put in its stead, which would make different texts the same.
//
// Files come from strangers. One ration limits all that is made of a file, in every format, and is asked before there is
// memory: [limits.Budget], and [limits.BudgetShare] for each byte of the file. What is compressed may become 1 GiB in all, and 32 bytes
// for each byte of the file. There are at most 4096 columns of metadata, texts have 1 MiB at most, and what is no regular
// file, as a pipe, is refused. A header is checked against the length of the file before anything is allocated, so a
// truncated file, trailing bytes, another type than expected or an absurd shape is an error that names the file and says
// what was expected, never a panic. An array in Fortran order is put in order within a window of 1 GiB, and read again for
// each further one.
package interchange
