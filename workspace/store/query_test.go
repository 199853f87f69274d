package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"
)

// queryText runs a query and writes its result on a line for each row.
func queryText(t *testing.T, q func(context.Context, string) (*Result, error), text string) string {
	t.Helper()
	r, err := q(t.Context(), text)
	if err != nil {
		return err.Error()
	}
	defer r.Close()
	var lines []string
	for row, err := range r.Rows() {
		if err != nil {
			return err.Error()
		}
		lines = append(lines, fmt.Sprint(row))
	}
	return strings.Join(lines, "\n")
}

func TestQuery(t *testing.T) {
	db := openTest(t, Options{})
	for text, want := range map[string]string{
		"SELECT 1 AS a, 'x' AS b":                                      "[1 x]",
		"CREATE TABLE q(a INT); INSERT INTO q VALUES (1), (2); FROM q": "[1]\n[2]",
		"SELECT sum(i) FROM range(10) t(i);":                           "[45]",
		"SELECT 1.50::DECIMAL(9,2), INTERVAL '1 year 2 days 03:04:05.5', DATE '2024-02-03', TIME '01:02:03', uuid() IS NOT NULL": "[1.50 1 year 2 days 03:04:05.5 2024-02-03 01:02:03 true]",
		"SELECT '550e8400-e29b-41d4-a716-446655440000'::UUID":                                                                    "[550e8400-e29b-41d4-a716-446655440000]",
		"SELECT MAP {'a': 1.5}, {'x': [1, NULL], 'y': DATE '2024-01-01' - DATE '2023-01-01'}":                                    "[map[a:1.5] map[x:[1 <nil>] y:365]]",
		"SELECT 170141183460469231731687303715884105727":                                                                         "[170141183460469231731687303715884105727]",
		"SELECT * FROM raw.none": "Catalog Error",
		"SELEC 1":                "Parser Error",
		"":                       "there is no statement to run",
		" -- nothing\n":          "there is no statement to run",
		"SELECT 'x'::INTEGER":    "Conversion Error",
	} {
		got := queryText(t, db.Query, text)
		if got != want && (!strings.Contains(want, "Error") || !strings.HasPrefix(got, want)) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	r, err := db.Query(t.Context(), "SELECT 1::BIGINT AS a, [1.5::DOUBLE] AS b, 'x' AS a")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(r.Columns); got != "[{a BIGINT} {b DOUBLE[]} {a VARCHAR}]" {
		t.Error(got)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestQueryLeavesNothingOpen(t *testing.T) {
	db := openTest(t, Options{})
	queryText(t, db.Query, "CREATE TABLE q(a INT)")
	queryText(t, db.Query, "BEGIN; INSERT INTO q VALUES (1)")
	if got := queryText(t, db.Query, "SELECT count(*) FROM q"); got != "[0]" {
		t.Errorf("an open transaction lives on: %s rows", got)
	}
	queryText(t, db.Query, "CREATE TEMP TABLE tt AS SELECT 1; SELECT 1")
	if got := queryText(t, db.Query, "FROM tt"); !strings.Contains(got, "does not exist") {
		t.Errorf("a temporary table lives on: %s", got)
	}

	c, err := db.Console(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	queryText(t, c.Query, "CREATE TEMP TABLE tt AS SELECT 1 AS a")
	queryText(t, c.Query, "BEGIN; INSERT INTO q VALUES (1)")
	if got := queryText(t, c.Query, "SELECT * FROM tt, q"); got != "[1 1]" {
		t.Errorf("the console forgot: %s", got)
	}
	if _, err := c.Query(t.Context(), "FROM range(10)"); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil { // with its result and transaction open
		t.Error(err)
	}
	if got := queryText(t, db.Query, "SELECT count(*) FROM q"); got != "[0]" {
		t.Errorf("%s rows", got)
	}
}

func TestQueryIsInterrupted(t *testing.T) {
	db := openTest(t, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := db.Query(ctx, "SELECT count(*) FROM range(100000000) a, range(100000) b WHERE a.range % 7 = b.range % 5")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestComplete(t *testing.T) {
	db := openTest(t, Options{})
	writeFlows(t, db, TableSpec{Name: Name{Raw, "caida"}}, 1)
	cs, err := db.Complete(t.Context(), "SEL")
	if err != nil || len(cs) == 0 || strings.TrimSpace(cs[0].Text) != "SELECT" || cs[0].Start != 0 {
		t.Errorf("%+v, %v", cs, err)
	}
	cs, err = db.Complete(t.Context(), "SELECT * FROM raw.cai")
	if err != nil || len(cs) == 0 || !strings.Contains(cs[0].Text, "caida") {
		t.Errorf("%+v, %v", cs, err)
	}
}

func TestProfile(t *testing.T) {
	db := openTest(t, Options{})
	n := writeSQL(t, db, `SELECT * FROM (VALUES
		(1, 1.0::DOUBLE, '80', true, ['a'], 'x'), (2, 2.0, '443', true, ['b', 'c'], 'y'), (2, 'nan', NULL, NULL, [], 'y'), (NULL, 'inf', ' 7', true, NULL, 'z'))
		v(i, r, s, b, l, t)`)
	stats, err := db.Profile(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range stats {
		got = append(got, fmt.Sprintf("%s %s rows=%d nulls=%d distinct=%d %v..%v top=%v len=%.3g", s.Name, s.Type, s.Rows, s.Nulls, s.Distinct, s.Min, s.Max, s.Top[0], s.MeanLen))
	}
	want := []string{
		"i BIGINT rows=4 nulls=1 distinct=2 1..2 top={2 2} len=0",
		"r DOUBLE rows=4 nulls=0 distinct=4 1..2 top={1 1} len=0",
		"s VARCHAR rows=4 nulls=1 distinct=3  7..80 top={ 7 1} len=2.33",
		"b BOOLEAN rows=4 nulls=1 distinct=1 true..true top={true 3} len=0",
		"l VARCHAR[] rows=4 nulls=1 distinct=3 []..[b c] top={[] 1} len=1",
		"t VARCHAR rows=4 nulls=0 distinct=3 x..z top={y 2} len=1",
	}
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
	empty := writeSQL(t, db, "SELECT 1 AS a, 'x' AS b LIMIT 0")
	if stats, err := db.Profile(t.Context(), empty); err != nil || stats[0].Rows != 0 || stats[1].Min != nil || len(stats[0].Top) != 0 {
		t.Errorf("%+v, %v", stats, err)
	}
}

// TestProfileOfManyRows: columns of few values are counted exactly, others
// nearly, and what is known is forgotten when a statement may have changed it.
func TestProfileOfManyRows(t *testing.T) {
	db := openTest(t, Options{})
	n := writeSQL(t, db, "SELECT i, i % 100 AS few, if(i % 4 = 0, 7, i) AS often FROM range(1100000) t(i)")
	stats, err := db.Profile(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	i, few, often := stats[0], stats[1], stats[2]
	if few.Distinct != 100 || few.Top[0] != (ValueCount{int64(0), 11000}) {
		t.Errorf("few values: %+v", few)
	}
	if i.Rows != 1100000 || i.Distinct < 1000000 || i.Distinct > i.Rows || i.Max != int64(1099999) {
		t.Errorf("many values: %+v", i)
	}
	if often.Distinct < 750000 || often.Distinct > 900000 || often.Top[0].Value != int64(7) || often.Top[0].Count < 270000 {
		t.Errorf("many values, one of them often: %+v", often)
	}
	share, sessions, err := db.ConstantWithin(t.Context(), n, []string{"few"}, []string{"few", "i"})
	if err != nil || sessions == 0 || sessions > 50 || share["few"] != 1 || share["i"] != 0 {
		t.Errorf("constant within %d sessions: %v, %v", sessions, share, err)
	}
	if _, _, err := query(t, db, "DELETE FROM "+n.String()+" WHERE few > 0"); err != nil {
		t.Fatal(err)
	}
	if stats, err := db.Profile(t.Context(), n); err != nil || stats[0].Rows != 11000 {
		t.Errorf("after a change: %+v, %v", stats, err)
	}
}

func TestConstantWithin(t *testing.T) {
	db := openTest(t, Options{})
	n := writeSQL(t, db, `SELECT * FROM (VALUES
		('a', 1, 1, NULL), ('a', 1, 2, NULL), ('b', 2, 1, 1), ('b', 2, 1, NULL), ('c', 3, 1, 1)) v(k, same, differs, partly)`)
	share, sessions, err := db.ConstantWithin(t.Context(), n, []string{"k"}, []string{"same", "differs", "partly"})
	if err != nil || sessions != 2 || share["same"] != 1 || share["differs"] != .5 || share["partly"] != .5 {
		t.Errorf("%v of %d, %v", share, sessions, err)
	}
	for want, columns := range map[int64][]string{3: {"k"}, 2: {"differs"}, 4: {"k", "differs"}, 1: {}} {
		if got, err := db.CountDistinct(t.Context(), n, columns...); err != nil || got != want {
			t.Errorf("%v: got %d, want %d, %v", columns, got, want, err)
		}
	}
}

func TestModelsAndScores(t *testing.T) {
	db := openTest(t, Options{})
	ctx := t.Context()
	run, err := db.StartRun(ctx, Run{Verb: "train", Table: "raw.t"})
	if err != nil {
		t.Fatal(err)
	}
	for epoch := range 4 {
		if err := db.SaveCheckpoint(ctx, run, 0, epoch, []byte{byte(epoch), 0, 255}, 2); err != nil {
			t.Fatal(err)
		}
	}
	cs, err := db.Checkpoints(ctx, run)
	if err != nil || len(cs) != 2 || cs[0].Epoch != 2 || cs[1].Bytes != 3 {
		t.Errorf("%+v, %v", cs, err)
	}
	if data, err := db.Checkpoint(ctx, run, 0, 3); err != nil || string(data) != "\x03\x00\xff" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := db.Checkpoint(ctx, run, 0, 0); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if _, err := db.LatestModel(ctx, Name{}); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	big := make([]byte, 3<<20)
	big[len(big)-1] = 9
	id, err := db.SaveModel(ctx, Model{Run: run, Table: "raw.t", Meta: []byte(`{"engine":"x"}`), Data: big}, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, get := range []func() (Model, error){
		func() (Model, error) { return db.Model(ctx, id) },
		func() (Model, error) { return db.ModelOfRun(ctx, run) },
		func() (Model, error) { return db.LatestModel(ctx, Name{Raw, "t"}) },
	} {
		if m, err := get(); err != nil || m.ID != id || len(m.Data) != len(big) || m.Data[len(big)-1] != 9 || string(m.Meta) != `{"engine":"x"}` {
			t.Errorf("%d bytes, %v", len(m.Data), err)
		}
	}
	if r, err := db.Run(ctx, run); err != nil || r.Status != Done {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := db.Run(ctx, 99); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	scores := []Score{
		{Real: "raw.t", Synthetic: "synth.t", Property: "column", Metric: "jsd", Column: "a", Value: .1, Baseline: .05, BaselineSpread: 0, Score: 95, Spread: 1},
		{Real: "raw.t", Synthetic: "synth.t", Property: "pair", Metric: "corr", Column: "a", Other: "b", Value: math.NaN(), Baseline: math.NaN(), BaselineSpread: math.NaN(), Score: math.NaN(), Spread: math.NaN(), Note: "constant"},
	}
	if err := db.SaveScores(ctx, run, scores, false); err != nil {
		t.Fatal(err)
	}
	if got, err := db.Scores(ctx, run); err != nil || fmt.Sprint(got) != fmt.Sprint(scores) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestResultAfterEnd(t *testing.T) {
	db := openTest(t, Options{})
	r, err := db.Query(t.Context(), "SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := r.Next(); err != nil && err != io.EOF {
			t.Error(err)
		}
	}
	r.Close()
	if _, err := r.Next(); err != io.EOF {
		t.Error(err)
	}
}

// TestProfileOfFewRows: counting columns together finds what counting each does.
func TestProfileOfFewRows(t *testing.T) {
	db := openTest(t, Options{})
	n := writeSQL(t, db, `SELECT i % 7 AS i, if(i % 5 = 0, 'nan'::DOUBLE, i % 40 / 3) AS r, chr((97 + i % 23)::INT) AS s, [i % 3, i % 2] AS l, if(i % 3 = 0, NULL, i % 2 = 0) AS b,
		NULL::VARCHAR AS none, '2026-03-01'::TIMESTAMP_NS + to_seconds(i % 12) AS t, i % 50 / 4::DECIMAL(9, 2) AS d FROM range(3000) x(i)`)
	together, err := db.Profile(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := db.pick(t.Context(), n, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range columns {
		alone := together[i]
		alone.Distinct, alone.Top = 0, nil
		if err := db.profileValues(t.Context(), n, c, &alone, false); err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprintf("%+v", together[i]), fmt.Sprintf("%+v", alone); got != want {
			t.Errorf("%s together %s\nalone %s", c.name, got, want)
		}
	}
}

// BenchmarkProfileWide is the profile of a table of 4,000 columns.
func BenchmarkProfileWide(b *testing.B) {
	db := openTest(b, Options{})
	var terms []string
	for i := range 4000 {
		terms = append(terms, fmt.Sprintf("(i * %d) %% 50 AS c%d", i, i))
	}
	n := writeSQL(b, db, "SELECT "+strings.Join(terms, ", ")+" FROM range(200) x(i)")
	for b.Loop() {
		db.profiles.forget()
		if _, err := db.Profile(b.Context(), n); err != nil {
			b.Fatal(err)
		}
	}
}
