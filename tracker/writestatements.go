package tracker

import (
	"strings"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
)

// The statements of the write path. SQLite prepares them once, when a store is opened
// for writing; PostgreSQL when they are first used on a connection.
const (
	claimSQL = "UPDATE run SET seq = ?, seen = ? WHERE id = ? AND generation = ? AND state = 'running'"

	// The index says which row it is; the row itself says whether it is.
	findEpochSQL = `SELECT i.id, coalesce(e.run, -1), coalesce(e.number, -1) FROM epoch i LEFT JOIN epoch e ON e.id = i.id
		WHERE i.run = ? AND i.number = ?`
	insertEpochSQL = "INSERT INTO epoch (run, number, step, time, seq) VALUES (?, ?, ?, ?, ?) RETURNING id"
	otherDimSQL    = `SELECT f.dim, e.number FROM epoch e JOIN frame f ON f.epoch = e.id
		WHERE e.run = ? AND f.layer = ? AND e.number <> ? LIMIT 1`

	findKeySQL    = "SELECT digest, answer FROM write_key WHERE run = ? AND key = ?"
	forgetKeysSQL = "DELETE FROM write_key WHERE run = ? AND time < ?"
	insertKeySQL  = "INSERT INTO write_key (run, key, digest, answer, time) VALUES (?, ?, ?, ?, ?)"

	findRosterSQL   = "SELECT id FROM roster WHERE hash = ?"
	insertFrameSQL  = "INSERT INTO frame (epoch, layer, dim, rows, roster, dtype, apart, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
	insertChunkSQL  = "INSERT INTO chunk (frame, first_row, rows, checksum, norms, data) VALUES (?, ?, ?, ?, ?, ?)"
	insertMetricSQL = "INSERT INTO metric (run, origin, name, step, epoch, time, kind, value, seq) VALUES (?, 'epoch', ?, ?, ?, ?, ?, ?, ?)"
)

// upsertMetrics returns the statement that stores this many metrics between epochs.
func upsertMetrics(rows int) string {
	const row = "(?, 'step', ?, ?, ?, ?, ?, ?, ?)"
	return "INSERT INTO metric (run, origin, name, step, epoch, time, kind, value, seq) VALUES " + row + strings.Repeat(", "+row, rows-1) +
		" ON CONFLICT (run, name, step) WHERE origin = 'step' DO UPDATE" +
		" SET epoch = excluded.epoch, time = excluded.time, kind = excluded.kind, value = excluded.value, seq = excluded.seq"
}

// The columns of rows that are inserted by the thousand, for [Tx.Insert].
var (
	outputColumns = []string{"epoch", "sample", "prediction", "loss", "confidence"}
	rosterColumns = []string{"roster", "position", "sample"}
	sampleColumns = []string{"sample_set", "position", "uid", "label", "metadata", "thumbnail", "seal"}
)

// writePath returns the statements that are worth preparing.
func writePath() []string {
	return []string{
		claimSQL, findEpochSQL, insertEpochSQL, otherDimSQL, findRosterSQL, insertFrameSQL, insertChunkSQL, insertMetricSQL,
		upsertMetrics(1), upsertMetrics(database.BatchRows),
		database.InsertRows("output", outputColumns, database.BatchRows),
		database.InsertRows("roster_row", rosterColumns, database.BatchRows),
		database.InsertRows("sample", sampleColumns, database.BatchRows),
		findKeySQL, forgetKeysSQL, insertKeySQL,
	}
}
