package projector

import (
	"os"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

// TestMain runs what is about the store once more on PostgreSQL.
func TestMain(m *testing.M) {
	os.Exit(pgtest.Main(m, "^Test(Behind|QualityBehind|QualityRevision|RunsLeave|SamplesAdded|GivenBehind|Choice|ExtendReplaced|ExtendInterrupted|Renew|QualityAgain|ListOpenDelete|OutlivesEpochs|Project|"+
		"CancelledProjectLeavesNothing|MissingSamples|SeveralRuns|Points|Neighbors|Provisional|PreparationIsKept)$"))
}
