package vec

// Level is an instruction set that the kernels are written for.
type Level int

const (
	Generic Level = iota // Go code, on any architecture
	AVX2                 // 256-bit vectors with FMA (AVX2, FMA, BMI1 and BMI2)
	AVX512               // 512-bit vectors (AVX-512 F, BW, DQ and VL besides those of AVX2)
)

// LevelVariable is the environment variable that can force a lower level than
// the CPU's, for tests: generic, avx2 or avx512. A level that the CPU lacks, and
// any other word, is ignored.
const LevelVariable = "ZOETROPE_CPU"

// String returns the level's name as [LevelVariable] spells it.
func (l Level) String() string {
	switch l {
	case AVX512:
		return "avx512"
	case AVX2:
		return "avx2"
	}
	return "generic"
}

// CPU returns the level that the kernels run at.
func CPU() Level { return level }

// choose returns the level to run at: the best one the CPU has, or the lower
// one asked for.
func choose(best Level, asked string) Level {
	for l := Generic; l <= best; l++ {
		if l.String() == asked {
			return l
		}
	}
	return best
}
