package tracker

import (
	"errors"
	"testing"
)

// TestReported tests for faults that users of other trackers have reported. Each row says what went wrong there, and where.
// Killed writers, full disks and power loss have tests of their own. The test of a row is in reportedsteps_test.go,
// reportedresume_test.go, reportedframes_test.go or reportedwriters_test.go.
func TestReported(t *testing.T) {
	for _, row := range []struct {
		name, wrong, where string
		test               func(t *testing.T, s *Store)
	}{
		{"StepBelowTheLast", "a step below the last one is dropped, with a warning", "wandb/wandb#10628, #5913, #9449", stepBelowTheLast},
		{"StepsOfTwoClocks", "series are lost when calls with and without a step are mixed", "wandb/wandb#6269", stepsOfTwoClocks},
		{"StepIsKept", "the step that was given is ignored", "huggingface/accelerate#3963", stepIsKept},
		{"RewriteAfterCrash", "a run that crashed cannot be written again from an earlier step", "wandb/wandb#4482, #10438", rewriteAfterCrash},
		{"ResumeAtCheckpoint", "after a restart from a checkpoint there are two values at a step", "gradio-app/trackio#125", resumeAtCheckpoint},
		{"RunningAfterKill", "a run whose process was killed stays running, and cannot be resumed", "GoodSeed run.py", runningAfterKill},
		{"CrashBeforeFinish", "what was logged is lost if the process ends before finish", "wandb/wandb#8114, #1297; aimhubio/aim#2573", crashBeforeFinish},
		{"LoggedAgain", "logging a table again does not update it", "wandb/wandb#2768, #2981", loggedAgain},
		{"EveryEpochIsKept", "the embedding of each epoch overwrites the last one's", "lanpa/tensorboardX#10, #43", everyEpochIsKept},
		{"LargeFrame", "a frame of more than 4 or 10 MB is dropped", "wandb/wandb#2080, #3701", largeFrame},
		{"ManyColumns", "an embedding takes one column per dimension, and a table has 128 at most", "wandb tables", manyColumns},
		{"NaNTwice", "logging a metric that is NaN again breaks a unique key", "mlflow/mlflow#26108", nanTwice},
		{"NoStep", "without a step, everything is at step 0 and nothing can be plotted", "mlflow/mlflow#2419", noStep},
		{"BatchOfMetrics", "writing metrics one by one takes 70 times as long", "mlflow/mlflow#3010", batchOfMetrics},
		{"LogDoesNotStall", "the training waits for the disk or the network", "wandb/wandb#8666, #950; mlflow/mlflow#1550", logDoesNotStall},
		{"FinishDoesNotHang", "finish never returns", "wandb/wandb#4929, #5601", finishDoesNotHang},
		{"FailedBatchIsKnown", "a batch that failed is gone without an error", "trackio-go batcher.go", failedBatchIsKnown},
		{"CloseEndsGoroutines", "close leaves a goroutine behind", "trackio-go client.go", closeEndsGoroutines},
		{"LockedDatabase", "database is locked", "gradio-app/trackio#133, #448, #492; mlflow/mlflow#6490", lockedDatabase},
		{"ReadALiveRun", "reading a run that is being written breaks it", "aimhubio/aim#2950, #2869", readALiveRun},
		{"NotTheWholeHistory", "a viewer fetches the full history each second", "gradio-app/trackio#573", notTheWholeHistory},
		{"AnyMetadata", "metadata that is a list, a bool or a struct raises", "nomic data_inference.py", anyMetadata},
		{"AbsentSample", "a sample that is absent at one epoch breaks the chain of the later epochs", "lmcinnes/umap#543", absentSample},
		{"ReusedBuffer", "a framework that reuses its buffer changes what was logged", "queues that keep the slice", reusedBuffer},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.test(t, newStore(t))
			if t.Failed() {
				t.Logf("in another tracker: %s (%s)", row.wrong, row.where)
			}
		})
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}
