# uwot on all rows of all epochs together. Usage: Rscript uwot.R EMBEDDINGS.npy MAP.npy 2|1|batch [N_NEIGHBORS MIN_DIST]
#
# 2 = two racy threads for the layout, 1 = one (reproducible), batch = two and reproducible. Files are float32, in C order.
a <- commandArgs(TRUE)
suppressMessages(library(uwot))

f <- file(a[1], "rb")
magic <- readBin(f, "raw", 8)
wide <- if (magic[7] == 1) 2 else 4
size <- readBin(f, "integer", 1, size = wide, signed = wide == 4, endian = "little")
head <- readChar(f, size, useBytes = TRUE)
stopifnot(grepl("<f4", head), grepl("'fortran_order': False", head))
shape <- as.integer(strsplit(sub(".*\\(([^)]*)\\).*", "\\1", head), ",")[[1]])
shape <- shape[!is.na(shape)]
d <- tail(shape, 1)
n <- prod(shape) / d
X <- matrix(readBin(f, "numeric", n * d, size = 4, endian = "little"), ncol = d, byrow = TRUE)
close(f)

batch <- a[3] == "batch"
set.seed(42)
t <- proc.time()
Y <- umap(X, n_neighbors = if (length(a) > 3) as.integer(a[4]) else 20, min_dist = if (length(a) > 4) as.numeric(a[5]) else 0.01,
          n_epochs = 200, n_threads = 2, n_sgd_threads = if (batch) 2 else as.integer(a[3]), batch = batch, init = "spectral")
t <- proc.time() - t
cat(sprintf("uwot %s %s: %.2f s wall, %.2f s CPU\n", packageVersion("uwot"), a[3], t[3], t[1] + t[2]))

shape[length(shape)] <- 2L
head <- sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%s,), }", paste(shape, collapse = ", "))
head <- paste0(head, strrep(" ", 63 - (10 + nchar(head)) %% 64), "\n")
f <- file(a[2], "wb")
writeBin(as.raw(c(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0)), f)
writeBin(nchar(head), f, size = 2, endian = "little")
writeChar(head, f, eos = NULL)
writeBin(as.vector(t(Y)), f, size = 4, endian = "little")
close(f)
