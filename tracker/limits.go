package tracker

import "github.com/zoetrope-ml/zoetrope/tracker/internal/content"

// What a store refuses because it is too much. A program that must not fail late can check before it logs.
const (
	MaxName  = 200                    // bytes of an experiment, a run's name, a tag, the version of a program or its host
	MaxTags  = 100                    // of a run
	MaxNotes = 1 << 20                // bytes of a run's notes
	MaxKey   = 200                    // bytes of [RunConfig].Key and [Batch].Key
	MaxDim   = content.ChunkBytes / 4 // columns of a layer: a chunk holds whole rows
)
