package store

import (
	"fmt"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"netshare/workspace/trace"
)

// batchRows is how many rows go to DuckDB together: one of its vectors.
var batchRows = duckdb.GetDataChunkCapacity()

// batch is some rows by column.
type batch struct {
	rows    int
	columns []batchColumn
}

// batchColumn has one slice of values, by the column's type, and says which
// are missing.
type batchColumn struct {
	missing  []bool
	bools    []bool
	integers []int64
	reals    []float64
	texts    []string
	times    []time.Time
	lists    [][]any
}

// newBatch has room for the columns that wanted tells.
func newBatch(columns []trace.Column, wanted []bool) *batch {
	b := &batch{columns: make([]batchColumn, len(columns))}
	for i := range columns {
		if !wanted[i] {
			continue
		}
		c := &b.columns[i]
		c.missing = make([]bool, batchRows)
		switch columns[i].Type {
		case trace.TypeBool:
			c.bools = make([]bool, batchRows)
		case trace.TypeInt:
			c.integers = make([]int64, batchRows)
		case trace.TypeReal:
			c.reals = make([]float64, batchRows)
		case trace.TypeText:
			c.texts = make([]string, batchRows)
		case trace.TypeTime:
			c.times = make([]time.Time, batchRows)
		default:
			c.lists = make([][]any, batchRows)
		}
	}
	return b
}

// add writes a row behind the others; where a value doesn't fit its column, the
// next row takes its place.
func (b *batch) add(columns []trace.Column, wanted []bool, row trace.Row) error {
	n := b.rows
	for i, value := range row {
		if !wanted[i] {
			continue
		}
		c := &b.columns[i]
		c.missing[n] = value == nil
		if value == nil {
			continue
		}
		ok := false
		switch columns[i].Type {
		case trace.TypeBool:
			c.bools[n], ok = value.(bool)
		case trace.TypeInt:
			c.integers[n], ok = value.(int64)
		case trace.TypeReal:
			c.reals[n], ok = value.(float64)
		case trace.TypeText:
			var s string
			s, ok = value.(string)
			c.texts[n] = validText(s)
		case trace.TypeTime:
			var t time.Time
			if t, ok = value.(time.Time); ok && (t.Before(earliest) || t.After(latest)) {
				return &ValueError{columns[i].Name, string(columns[i].Type), value, "outside the years 1678 to 2262 that nanoseconds reach"}
			}
			c.times[n] = t
		default:
			list, err := encodeList(&columns[i], value)
			if err != nil {
				return err
			}
			c.lists[n], ok = list, true
		}
		if !ok {
			return &ValueError{columns[i].Name, string(columns[i].Type), value, ""}
		}
	}
	b.rows++
	return nil
}

// fill writes the rows into a chunk of DuckDB's, of columns that wanted tells.
func (b *batch) fill(columns []trace.Column, wanted []bool, chunk duckdb.DataChunk) error {
	for i := range columns {
		if !wanted[i] {
			continue
		}
		c := &b.columns[i]
		var err error
		switch columns[i].Type {
		case trace.TypeBool:
			err = fillColumn(chunk, i, c.bools[:b.rows], c.missing)
		case trace.TypeInt:
			err = fillColumn(chunk, i, c.integers[:b.rows], c.missing)
		case trace.TypeReal:
			err = fillColumn(chunk, i, c.reals[:b.rows], c.missing)
		case trace.TypeText:
			err = fillColumn(chunk, i, c.texts[:b.rows], c.missing)
		case trace.TypeTime:
			err = fillColumn(chunk, i, c.times[:b.rows], c.missing)
		default:
			err = fillColumn(chunk, i, c.lists[:b.rows], c.missing)
		}
		if err != nil {
			return fmt.Errorf("column %q: %w", columns[i].Name, err)
		}
	}
	return chunk.SetSize(b.rows)
}

func fillColumn[T any](chunk duckdb.DataChunk, column int, values []T, missing []bool) error {
	for i, v := range values {
		var err error
		if missing[i] {
			err = duckdb.SetChunkValue[any](chunk, column, i, nil)
		} else {
			err = duckdb.SetChunkValue(chunk, column, i, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// columnInfos describes the columns of a batch to DuckDB.
func columnInfos(columns []trace.Column) []duckdb.ColumnInfo {
	infos := make([]duckdb.ColumnInfo, len(columns))
	for i, c := range columns {
		infos[i] = duckdb.ColumnInfo{Name: c.Name, T: typeInfo(c.Type)}
	}
	return infos
}

// typeInfo is the driver's description of a column type.
func typeInfo(t trace.Type) duckdb.TypeInfo {
	if elem, isList := t.Elem(); isList {
		info, err := duckdb.NewListInfo(typeInfo(elem))
		if err != nil {
			panic("store: " + err.Error()) // a type without a constructor of its own
		}
		return info
	}
	types := map[trace.Type]duckdb.Type{
		trace.TypeBool: duckdb.TYPE_BOOLEAN, trace.TypeInt: duckdb.TYPE_BIGINT, trace.TypeReal: duckdb.TYPE_DOUBLE,
		trace.TypeText: duckdb.TYPE_VARCHAR, trace.TypeTime: duckdb.TYPE_TIMESTAMP_NS,
	}
	info, err := duckdb.NewTypeInfo(types[t])
	if err != nil {
		panic("store: " + err.Error())
	}
	return info
}
