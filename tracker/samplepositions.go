package tracker

import (
	"context"
	"math"
)

// places say where among a run's samples a sample.id is.
type places struct {
	sets  []idRange
	at    map[int64]int // instead, where ids have gaps
	count int
}

// An idRange is a set of samples whose ids follow each other, as they do where nothing was lost.
type idRange struct {
	first, rows int64
	at          int // position of the first among the run's
}

func readPlaces(ctx context.Context, tx *Tx, run int64) (*places, error) {
	const query = `SELECT rs.first_position, count(*), min(s.id), max(s.position),
			min(s.id - s.position) = max(s.id - s.position) AND min(s.position) = 0 AND max(s.position) = count(*) - 1
		FROM run_sample_set rs JOIN sample s ON s.sample_set = rs.sample_set WHERE rs.run = ?
		GROUP BY rs.sample_set, rs.first_position`
	rows, err := tx.QueryContext(ctx, query, run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	p := &places{}
	gaps := false
	for rows.Next() {
		var r idRange
		var last int
		var whole bool
		if err := rows.Scan(&r.at, &r.rows, &r.first, &last, &whole); err != nil {
			return nil, err
		}
		p.sets = append(p.sets, r)
		p.count = max(p.count, r.at+last+1)
		gaps = gaps || !whole
	}
	if err := rows.Err(); err != nil || !gaps {
		return p, err
	}
	rows.Close()
	return p, p.lookUp(ctx, tx, run)
}

// lookUp reads all ids.
func (p *places) lookUp(ctx context.Context, tx *Tx, run int64) error {
	const query = `SELECT s.id, rs.first_position + s.position FROM run_sample_set rs JOIN sample s ON s.sample_set = rs.sample_set
		WHERE rs.run = ?`
	rows, err := tx.QueryContext(ctx, query, run)
	if err != nil {
		return err
	}
	defer rows.Close()
	p.at = make(map[int64]int, p.count)
	for rows.Next() {
		var id int64
		var at int
		if err := rows.Scan(&id, &at); err != nil {
			return err
		}
		p.at[id] = at
	}
	return rows.Err()
}

// of returns the place of the sample with this id, −1 if the run does not have it.
func (p *places) of(id int64) int {
	if p.at != nil {
		if at, ok := p.at[id]; ok {
			return at
		}
		return -1
	}
	for _, r := range p.sets {
		if i := id - r.first; i >= 0 && i < r.rows {
			return r.at + int(i)
		}
	}
	return -1
}

// put puts a number into a column, which is made with the first one and is NaN elsewhere.
func (p *places) put(column []float64, at int, value any) []float64 {
	v, ok := value.(float64)
	if !ok {
		return column
	}
	if column == nil {
		column = make([]float64, p.count)
		for i := range column {
			column[i] = math.NaN()
		}
	}
	column[at] = v
	return column
}
