package netsharecfg

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"netshare/scripting"
)

// meta and end are the parts of a configuration around what is tried.
const (
	meta = `{"pre_post_processor": {"config": {"metadata": [{"column": "a", "type": "string", "encoding": "categorical"}]`
	cols = `{"pre_post_processor": {"config": {"metadata": [`
	flds = `{"fields": {"metadata": [{"name": "a", "encoding": "categorical"}], "timeseries": [`
	good = meta + `}}`
)

// bad are configurations with one fault each, and its place and message.
var bad = []struct{ name, text, want string }{
	{"empty", ``, `c.json:1:1: the file is empty`},
	{"blank", " \n\n", `c.json:3:1: the file is empty`},
	{"list", `[1]`, `c.json:1:1: want an object with global_config`},
	{"open object", "{\n\"global_config\": {\"dp\": false}\n", `c.json:1:1: the object is not closed: a } is missing`},
	{"open list", `{"pre_post_processor": {"config": {"metadata": [{"column": "a"}`, `c.json:1:48: the list is not closed: a ] is missing`},
	{"open text", "{\"default: 1\n}", `c.json:1:2: the text is not closed`},
	{"comma", "{\"global_config\": {\"dp\": false,}}", `c.json:1:32: a comma stands before the }`},
	{"no comma", "{\"global_config\": {}\n \"default\": null}", `c.json:2:2: want a comma or a } after global_config, got '"'`},
	{"comma in list", `{"fields": {"metadata": [1,]}}`, `c.json:1:28: a comma stands before the ]`},
	{"Python", `{"global_config": {"dp": False}}`, `c.json:1:26: False is Python's: JSON has false`},
	{"quotes", `{'default': 1}`, `c.json:1:2: want a key in double quotes, got '\''`},
	{"number", `{"model": {"config": {"batch_size": 1.}}}`, `c.json:1:37: 1. is no number of JSON`},
	{"escape", `{"default": "C:\data"}`, `c.json:1:13: \d is no escape of JSON`},
	{"twice", `{"default": null, "default": null}`, `c.json:1:19: default: the key is there twice`},
	{"after", `{} x`, `c.json:1:4: something stands after the end of the configuration: 'x'`},
	{"nothing", `{"global_config": {}}`, `c.json:1:1: neither pre_post_processor nor fields is there`},
	{"no columns", `{"fields": {"metadata": []}}`, `c.json:1:1: no column is declared`},
	{"no metadata", `{"fields": {"timeseries": [{"name": "x", "format": "float", "encoding": "float"}]}}`, `c.json:1:1: there are timeseries and no metadata`},
	{"unknown section", `{"global_confg": {}, "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `c.json:1:2: global_confg: unknown key: did you mean "global_config"?`},
	{"unknown key", "{\"pre_post_processor\": {\"config\": {\"metadata\": [\n {\"column\": \"a\", \"type\": \"string\", \"encodng\": \"categorical\", \"encoding\": \"categorical\"}]}}}", `c.json:2:36: pre_post_processor.config.metadata[0].encodng: unknown key: did you mean "encoding"?`},
	{"key of elsewhere", `{"global_config": {"batch_size": 1}, "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `c.json:1:20: global_config.batch_size: unknown key: it belongs to model.config`},
	{"model key", good[:len(good)-1] + `}, "model": {"config": {"batch_sizes": 100}}}`, `model.config.batch_sizes: unknown key: did you mean "batch_size"?`},
	{"kind", `{"global_config": "netflow", "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `c.json:1:19: global_config: want an object, got "netflow"`},
	{"dataset type", `{"global_config": {"dataset_type": "netflw"}, "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `c.json:1:36: global_config.dataset_type: unknown value "netflw": did you mean "netflow"? choose one of`},
	{"dp", `{"global_config": {"dp": true}, "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `c.json:1:26: global_config.dp: true needs model.config.dp_noise_multiplier`},
	{"dp noise", `{"global_config": {"dp": true}, "model": {"config": {"dp_noise_multiplier": 0}}, "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `dp_noise_multiplier: noise of 0 keeps nothing private`},
	{"dp clip", `{"global_config": {"dp": true}, "model": {"config": {"dp_noise_multiplier": 2, "dp_l2_norm_clip": 0}}, "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `dp_l2_norm_clip: a clip of 0 leaves nothing to learn`},
	{"dp pretrained", `{"global_config": {"dp": true}, "model": {"config": {"dp_noise_multiplier": 2}}, "model_manager": {"config": {"pretrain_dir": "results"}}, "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `pretrain_dir: a model of NetShare's can't be gone on with`},
	{"chunks", `{"global_config": {"n_chunks": 0}, "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `c.json:1:32: global_config.n_chunks: want a whole number from 1, got 0`},
	{"two sources", `{"global_config": {"original_data_file": "a.csv", "original_data_folder": "b"}, "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `global_config.original_data_folder: original_data_file is there too`},
	{"extension", `{"global_config": {"file_extension": ".csv"}, "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `global_config.file_extension: it is for original_data_folder`},
	{"default", `{"default": "single_event.json", "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `c.json:1:13: default: unknown value "single_event.json"`},
	{"old default", `{"default": "netflow.json", "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `default: "netflow.json" is of a NetShare before both generations`},
	{"no column", cols + `{"type": "string", "encoding": "categorical"}]}}}`, `c.json:1:49: pre_post_processor.config.metadata[0]: it has no column`},
	{"no type", cols + `{"column": "a", "encoding": "categorical"}]}}}`, `metadata[0]: it has no type: add one of`},
	{"type", cols + `{"column": "a", "type": "int", "encoding": "categorical"}]}}}`, `c.json:1:73: pre_post_processor.config.metadata[0].type: unknown value "int": did you mean "integer"?`},
	{"encoding", cols + `{"column": "a", "type": "integer", "encoding": "bits"}]}}}`, `metadata[0].encoding: unknown value "bits": did you mean "bit"?`},
	{"no encoding", cols + `{"column": "a", "type": "integer"}]}}}`, `metadata[0]: type integer needs an encoding`},
	{"not allowed", `{"global_config": {"allowed_data_encodings": ["categorical"]}, "pre_post_processor": {"config": {"metadata": [{"column": "a", "type": "integer", "encoding": "bit", "n_bits": 8}]}}}`, `encoding: unknown value "bit": choose one of categorical`},
	{"no bits", cols + `{"column": "a", "type": "integer", "encoding": "bit"}]}}}`, `metadata[0]: encoding bit needs n_bits`},
	{"too many bits", cols + `{"column": "a", "type": "integer", "encoding": "bit", "n_bits": 65}]}}}`, `n_bits: want 1 to 64 bits, got 65`},
	{"bits of text", cols + `{"column": "a", "type": "string", "encoding": "bit", "n_bits": 8}]}}}`, `encoding: bit is for type integer`},
	{"bits of nothing", cols + `{"column": "a", "type": "string", "encoding": "categorical", "n_bits": 8}]}}}`, `n_bits: it is for encoding bit`},
	{"float by category", cols + `{"column": "a", "type": "float", "encoding": "categorical"}]}}}`, `encoding: a float is a number and has normalization`},
	{"normalisation", cols + `{"column": "a", "type": "float", "normalization": "ZERO-ONE"}]}}}`, `normalization: unknown value "ZERO-ONE": did you mean "ZERO_ONE"?`},
	{"range", cols + `{"column": "a", "type": "float", "min_x": 5, "max_x": 5}]}}}`, `max_x: max_x 5 is not above min_x 5`},
	{"range of text", cols + `{"column": "a", "type": "string", "encoding": "categorical", "max_x": 5}]}}}`, `max_x: it is for type float`},
	{"choices", cols + `{"column": "a", "type": "string", "encoding": "categorical", "choices": ["x", "x"]}]}}}`, `choices: "x" is there twice`},
	{"column twice", cols + `{"column": "a", "type": "string", "encoding": "categorical"}, {"column": "a", "type": "string", "encoding": "categorical"}]}}}`, `metadata[1]: column "a" is declared twice, first as pre_post_processor.config.metadata[0]`},
	{"wide columns", `{"pre_post_processor": {"config": {"timeseries": [{"columns": ["a"], "type": "float"}]}}}`, `columns: it is for rows that hold many events each`},
	{"uneven", `{"default": "dg_table_row_per_sample.json", "pre_post_processor": {"config": {"timeseries": [{"columns": ["a", "b"], "type": "float"}, {"columns": ["c"], "type": "float"}]}}}`, `timeseries[1]: it has 1 columns, and the timeseries before 2`},
	{"class and default", `{"default": "dg_table_row_per_sample.json", "pre_post_processor": {"class": "NetsharePrePostProcessor", "config": {}}}`, `class: NetsharePrePostProcessor has an event in each row`},
	{"regex", cols + `{"column": "a", "type": "string", "encoding": "categorical", "regex": "(a"}]}}}`, "regex: missing closing ): `(a`"},
	{"regex without group", cols + `{"column": "a", "type": "string", "encoding": "categorical", "regex": "a.*"}]}}}`, `regex: it has no group`},
	{"timestamp", meta + `, "timestamp": {"column": "t", "encoding": "interarival"}}}}`, `timestamp.encoding: unknown value "interarival": did you mean "interarrival"?`},
	{"word2vec", meta + `, "word2vec": {"pretrain_model_path": "big.model"}}}}`, `pretrain_model_path: big.model is gensim's own format: save the vectors as text`},
	{"norm option", meta + `, "norm_option": 2}}}`, `norm_option: want 0 (ZERO_ONE) or 1 (MINUSONE_ONE), got 2`},
	{"manager", good[:len(good)-1] + `}, "model_manager": {"config": {"pretrain_dir": "x"}}}`, `pretrain_dir: a model of NetShare's can't be gone on with`},
	{"several", good[:len(good)-1] + `}, "model": {"config": {"sample_len": [1, 5]}}}`, `sample_len: several values: say sample_len_expand true`},
	{"expand", good[:len(good)-1] + `}, "model": {"config": {"sample_len": 5, "sample_len_expand": true}}}`, `sample_len: sample_len_expand is true: want a list of the values to try, got 5`},
	{"packing", good[:len(good)-1] + `}, "model": {"config": {"num_packing": 0}}}`, `num_packing: want a number from 1 to 100, got 0`},
	{"noise", good[:len(good)-1] + `}, "model": {"config": {"noise": false}}}`, `noise: without noise and feed_back every step would be the same`},
	{"noise type", good[:len(good)-1] + `}, "model": {"config": {"attr_noise_type": "unifrom"}}}`, `attr_noise_type: `},
	{"rate", good[:len(good)-1] + `}, "model": {"config": {"g_lr": 0}}}`, `g_lr: a rate of 0 learns nothing`},
	{"tries", good[:len(good)-1] + `}, "model": {"config": {"d_rounds": [1,2,3,4,5], "d_rounds_expand": true, "batch_size": [2,3,4,5,6], "batch_size_expand": true}}}`, `model.config: more than 64 combinations`},
	{"fraction", good[:len(good)-1] + `}, "model": {"config": {"d_rounds": 1.5}}}`, `d_rounds: want a whole number, got 1.5`},
	{"class", good[:len(good)-1] + `}, "model": {"class": "CTGAN"}}`, `model.class: unknown value "CTGAN"`},
	{"processor", `{"processors": {"preprocessors": ["ZeekProcessor"]}, "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `c.json:1:35: processors.preprocessors[0]: unknown value "ZeekProcessor": did you mean "ZeekPreprocessor"?`},
	{"protocol", `{"processors": {"preprocessors": [{"class": "ZeekPreprocessor", "config": {"target_protocol": "dnp3"}}]}, "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `target_protocol: unknown value "dnp3"`},
	{"input format", `{"processors": {"preprocessors": [{"class": "CustomizableFormatPreprocessor", "config": {"input_file_format": "zeek"}}]}, "fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}}`, `input_file_format: unknown value "zeek"`},
	{"field format", flds + `{"name": "b", "format": "int", "encoding": "float"}]}}`, `timeseries[0].format: unknown value "int": did you mean "integer"?`},
	{"field encoding", flds + `{"name": "b", "encoding": "categorial"}]}}`, `encoding: unknown value "categorial": did you mean "categorical"?`},
	{"no field encoding", flds + `{"name": "b"}]}}`, `timeseries[0]: it has no encoding`},
	{"field pair", flds + `{"name": "b", "format": "list", "encoding": "float"}]}}`, `encoding: format list can't be encoded as float: choose list_attributes, list_values`},
	{"parse", flds + `{"name": "b", "parse": "ip_quad2it", "format": "integer", "encoding": "bit"}]}}`, `parse: unknown parse function "ip_quad2it": did you mean "ip_quad2int"?`},
	{"list values", flds + `{"name": "b", "format": "list", "encoding": "list_values", "names": ["a"]}]}}`, `names: list_values needs names: an object`},
	{"element", flds + `{"name": "b", "format": "list", "encoding": "list_values", "names": {"x": "flot"}}]}}`, `names.x: unknown value "flot": did you mean "float"?`},
	{"two times", `{"fields": {"timestamp": [{"name": "t", "format": "timestamp", "encoding": "timestamp"}, {"name": "u", "format": "timestamp", "encoding": "timestamp"}], "metadata": [{"name": "a", "encoding": "categorical"}]}}`, `fields.timestamp[1]: there is one time`},
	{"layout", `{"fields": {"timestamp": [{"name": "t", "format": "timestamp", "type": "unprocessed", "time_format": "%Y-%Q", "encoding": "timestamp"}], "metadata": [{"name": "a", "encoding": "categorical"}]}}`, `time_format: %Q is none of %% %A`},
	{"no part of a time", `{"fields": {"timestamp": [{"name": "t", "format": "timestamp", "time_format": "now", "encoding": "timestamp"}], "metadata": [{"name": "a", "encoding": "categorical"}]}}`, `time_format: has no part of a time in it`},
}

func TestBad(t *testing.T) {
	for _, c := range bad {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse("c.json", c.text, nil)
			if err == nil {
				t.Fatal("no fault was found")
			}
			if n := strings.Count(err.Error(), "\n"); n > 0 {
				t.Errorf("%d messages: want one\n%v", n+1, err)
			}
			if !strings.HasPrefix(err.Error(), "c.json:") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// TestBadFiles holds that each configuration of the archive, which commands are
// tried on too, gives its one message, with its place.
func TestBadFiles(t *testing.T) {
	const file = "testdata/bad.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	update := os.Getenv("NETSHARE_UPDATE") == "1"
	for i := 0; i+1 < len(archive.Files); i += 2 {
		source, want := archive.Files[i], &archive.Files[i+1]
		t.Run(source.Name, func(t *testing.T) {
			if want.Name != strings.TrimSuffix(source.Name, ".json")+".want" {
				t.Fatalf("followed by %s", want.Name)
			}
			_, err := parse(source.Name, string(source.Data), nil)
			if err == nil {
				t.Fatal("no fault was found")
			}
			var placed *scripting.Error
			got := fmt.Sprintln(err)
			if !errors.As(err, &placed) || placed.Line == 0 || placed.Column == 0 || strings.Count(got, "\n") != 1 {
				t.Errorf("want one message with a place, got\n%s", got)
			}
			if update {
				want.Data = []byte(got)
			} else if got != string(want.Data) {
				t.Errorf("got  %swant %s", got, want.Data)
			}
		})
	}
	if update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// TestAllFaults holds that a configuration's faults are told together, in the
// order of the file.
func TestAllFaults(t *testing.T) {
	_, err := parse("c.json", `{"global_config": {"dp": true, "x": 1}, "fields": {"metadata": [{"name": "a"}]}}`, nil)
	if err == nil || strings.Count(err.Error(), "\n") != 2 || strings.Index(err.Error(), "1:26") > strings.Index(err.Error(), "1:32") {
		t.Errorf("got %v", err)
	}
}

func TestBadFunctions(t *testing.T) {
	for text, want := range map[string]string{
		"package recipe\n\nfunc f(": "f.go:3:8: expected ')'",
		"package recipe\n\nimport \"netshare/workspace/trace\"\n\nvar Recipe = trace.Recipe{}\n": "f.go:5:5: the file declares a recipe",
	} {
		path := filepath.Join(t.TempDir(), "f.go")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := readFunctions(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range bad {
		f.Add(c.text)
	}
	for _, c := range configurations {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parse("c.json", text, nil)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "c.json:") {
				t.Errorf("without a place: %v", err)
			}
			return
		}
		c.Script() // panics where the recipe would not parse
	})
}
