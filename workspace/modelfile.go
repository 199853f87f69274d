package workspace

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"netshare/engine"
	"netshare/workspace/store"
)

// A model file is the line below, the length of a JSON header (uint32,
// little-endian as all numbers), the header, the model, and the CRC-32 of all
// that. It holds no record of the real trace, but what a model repeats of it:
// see Model.
const (
	modelMagic   = "netshare model "
	modelVersion = 1
)

// modelHeader is what a model file says of its model.
type modelHeader struct {
	Program string          `json:"program"` // version that wrote the file
	Table   string          `json:"table"`   // that it learnt
	Seed    int64           `json:"seed"`
	Options json.RawMessage `json:"options,omitempty"`
	File    string          `json:"recipe_file,omitempty"`
	Text    string          `json:"recipe_text,omitempty"`
	Meta    json.RawMessage `json:"meta"`
}

// ExportModel writes the model of a training run to a file, from which
// ImportModel brings it into another workspace. Run 0 means the latest.
func (w *Workspace) ExportModel(ctx context.Context, run int64, path string) (Model, error) {
	found, err := w.ModelOf(ctx, run, "")
	if err != nil {
		return Model{}, err
	}
	m, err := w.db.Model(ctx, found.ID) // with its data
	if err != nil {
		return Model{}, err
	}
	var k keptModel
	if err := json.Unmarshal(m.Meta, &k); err != nil {
		return Model{}, fmt.Errorf("model %d: what is kept of it is damaged: %w", m.ID, err)
	}
	if k.Schema == nil { // of an older program
		t, err := w.imitated(ctx, m)
		if err != nil {
			return Model{}, fmt.Errorf("model %d: %w", m.ID, err)
		}
		k.Schema, k.Recipe = &t.Schema, t.Recipe
	}
	h := modelHeader{Program: w.version, Table: m.Table, Meta: optionsJSON(k)}
	if m.Run != 0 {
		r, err := w.db.Run(ctx, m.Run)
		if err != nil {
			return Model{}, err
		}
		h.Seed, h.Options, h.File, h.Text = r.Seed, r.Options, r.RecipeName, r.RecipeText
	}
	header, err := json.Marshal(h)
	if err != nil {
		return Model{}, err
	}
	b := fmt.Appendf(nil, "%s%d\n", modelMagic, modelVersion)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(header)))
	b = append(append(b, header...), m.Data...)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return m, whole(path, func(f *os.File) error {
		_, err := f.Write(b)
		return err
	})
}

// IsModelFile reports whether a file begins as one that ExportModel wrote. What
// is no regular file is none: a pipe can be read once only.
func IsModelFile(path string) bool {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, len(modelMagic))
	_, err = io.ReadFull(f, head)
	return err == nil && string(head) == modelMagic
}

// ImportModel brings a model that ExportModel wrote into the workspace, as a run
// of its own. Table, where it is not "", is the name that the model has for the
// table that it learnt, which need not be there.
func (w *Workspace) ImportModel(ctx context.Context, path, table string) (Model, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Model{}, err
	}
	h, body, err := readModelFile(data)
	if err != nil {
		return Model{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := new(engine.Model).UnmarshalBinary(body); err != nil {
		return Model{}, fmt.Errorf("%s: %w", path, err)
	}
	name := store.Parse(h.Table, store.Raw)
	if table != "" {
		name = store.Parse(table, store.Raw)
	}
	if name.Schema != store.Raw {
		return Model{}, fmt.Errorf("table %s: a model learnt a table of schema raw: name it raw.%s", name, name.Table)
	}
	m := Model{Table: name.String(), Meta: h.Meta, Data: body}
	run := store.Run{
		Verb: "import", Table: name.String(), Seed: h.Seed, Options: h.Options, RecipeName: h.File, RecipeText: h.Text,
		Inputs: []store.Source{newDigestOf(path, data)},
	}
	err = w.step(ctx, run, func(id int64) (err error) {
		m.Run = id
		m.ID, err = w.db.SaveModel(ctx, m, true)
		return err
	})
	m.Bytes = int64(len(body))
	return m, err
}

func newDigestOf(name string, data []byte) store.Source {
	d := newDigest(nil)
	d.hash.Write(data)
	d.n.Store(int64(len(data)))
	return d.source(name)
}

func readModelFile(data []byte) (h modelHeader, body []byte, err error) {
	line, rest, found := bytes.Cut(data, []byte("\n"))
	version := 0
	if _, err := fmt.Sscanf(string(line[:min(len(line), 64)]), modelMagic+"%d", &version); err != nil || !found {
		return h, nil, errors.New("no model: it was not written by ws export --model")
	}
	if version != modelVersion {
		return h, nil, fmt.Errorf("the model file has format %d, this program reads %d: use the program that wrote it", version, modelVersion)
	}
	end := len(data) - 4
	if len(rest) < 8 || crc32.ChecksumIEEE(data[:end]) != binary.LittleEndian.Uint32(data[end:]) {
		return h, nil, errors.New("the model file is damaged, its checksum is wrong: export it again")
	}
	n := int(binary.LittleEndian.Uint32(rest))
	if rest = rest[4 : len(rest)-4]; n > len(rest) {
		return h, nil, errors.New("the model file is damaged, its header is cut short: export it again")
	}
	if err := json.Unmarshal(rest[:n], &h); err != nil {
		return h, nil, fmt.Errorf("the model file is damaged, its header is none: %w", err)
	}
	return h, rest[n:], nil
}
