package main

import (
	"fmt"

	"github.com/zoetrope-ml/zoetrope/internal/epochs"
	"github.com/zoetrope-ml/zoetrope/projector"
)

// tellSameness notes the epochs at which a map shows nothing, or less than it seems to, because vectors are zero or equal.
// runs are the names of its runs, in order.
func (a *app) tellSameness(info projector.Info, q *projector.Quality, runs []string) {
	for i, run := range info.Runs {
		var zero, equal, some []int
		var worst projector.EpochQuality
		for _, e := range q.Epochs {
			switch {
			case e.Run != run || e.Notice() == "":
			case e.AllZero():
				zero = append(zero, e.Epoch)
			case e.AllEqual():
				equal = append(equal, e.Epoch)
			default:
				if some = append(some, e.Epoch); e.Zero+e.Repeated > worst.Zero+worst.Repeated {
					worst = e
				}
			}
		}
		of := "layer " + info.Layer
		if len(info.Runs) > 1 {
			of = fmt.Sprintf("run %s, layer %s", runs[i], info.Layer)
		}
		if len(zero) > 0 {
			a.Note("%s: all vectors are zero at epoch %s, of which the map shows nothing", of, epochs.Format(zero))
		}
		if len(equal) > 0 {
			a.Note("%s: all vectors are equal at epoch %s, of which the map shows nothing", of, epochs.Format(equal))
		}
		if len(some) > 0 {
			a.Note("%s: some vectors are zero or equal at epoch %s; at epoch %d, %s", of, epochs.Format(some), worst.Epoch, worst.Notice())
		}
	}
}
