package netsharecfg

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"netshare/engine"
	"netshare/workspace/dissect"
)

// builder makes a recipe of a configuration.
type builder struct {
	*reader
	config    *Config
	functions *functionFile

	wide    bool     // a row of the file is a session (dg_table_row_per_sample)
	zeek    bool     // the input is a Zeek log, whose times are seconds
	packets bool     // the input is a capture, whose times are microseconds
	undo    bool     // values come out as the file had them (csv_post_processor)
	mends   bool     // -1 and missing ones of what is learnt bit by bit or as words are 0 (csv_pre_processor)
	chunks  int      // n_chunks
	flowID  string   // column that numbers the sessions, "" for none
	types   []string // allowed_data_types, nil for all
	codings []string // allowed_data_encodings, nil for all
	vector  int      // word2vec.vec_size; 0 for that of the vectors of a file
	vectors string   // word2vec.pretrain_model_path, from where the program runs
	sample  int      // sessions to learn from; 0 for all
	cut     int      // records of each; 0 for all
	norm    string   // of numbers whose column says nothing

	time      *column
	metadata  []column
	series    []column
	sequences []sequence
	drop      []string
	seen      map[string]*node // columns declared so far, by their names on the way out
	needed    []string         // helpers that the text needs
	imports   []string         // packages that they need
}

// column is a field of the recipe.
type column struct {
	name string
	expr string // a trace.Field as Go has it
}

// sequence is a series that a row of the file holds.
type sequence struct {
	name    string
	columns []string
	at      *node
}

// The default configurations.
const (
	defaultSingle = "single_event_per_row.json"
	defaultWide   = "dg_table_row_per_sample.json"
)

// root reads the whole configuration.
func (b *builder) root(n *node) {
	b.seen = map[string]*node{}
	b.known(n, topKeys)
	if v := b.member(n, "changed_fields"); v != nil {
		b.note(v, "nothing reads it here")
	}
	b.processors(b.object(n, "processors"))
	g := b.object(n, "global_config")
	b.global(g)
	if in := b.object(n, "input_file"); in != nil {
		b.known(in, topInputKeys)
		b.zeek = b.text(in, "format", inputFormats...) == inputFormats[1] || b.zeek
		if v := b.want(in, "path", isText); v != nil && v.text != "" && b.config.Inputs == nil {
			b.config.Inputs = []string{b.beside(v.text)}
		}
	}
	if v := b.want(n, "output_file", isText); v != nil {
		b.note(v, "-o says where the synthetic trace goes")
	}
	which := b.defaults(n, "default")
	if w := b.defaults(g, "default"); which == "" {
		which = w
	}
	b.wide = which == defaultWide
	p := b.object(n, "pre_post_processor")
	fields := b.object(n, "fields")
	if b.member(n, "pre_post_processor") == nil && b.member(n, "fields") == nil {
		b.at(n.at, "", "neither pre_post_processor nor fields is there: nothing says which columns are learnt")
	}
	b.prePost(p, which)
	b.fields(fields)
	if p != nil || fields != nil {
		b.enough(n)
	}
	m, model := b.object(n, "model_manager"), b.object(n, "model")
	if b.chunks > 1 {
		b.networks("n_chunks", b.chunks)
	}
	b.manager(m)
	b.model(model)
	b.private(g, configOf(m), configOf(model))
}

// defaults reads which of NetShare's files the configuration builds on.
func (b *builder) defaults(n *node, key string) string {
	v := b.want(n, key, isText)
	if v == nil {
		return ""
	}
	switch base := filepath.Base(v.text); base {
	case defaultSingle, defaultWide:
		return base
	case "netflow.json", "pcap.json", "zeeklog.json":
		b.fault(v, "%s is of a NetShare before both generations: say %s and name the columns", v.said(), defaultSingle)
		return ""
	}
	b.choose(v, []string{defaultSingle, defaultWide})
	return ""
}

// enough tells of a configuration that declares no column.
func (b *builder) enough(n *node) {
	if len(b.metadata)+len(b.series)+len(b.sequences) == 0 && len(b.faults) == 0 {
		b.at(n.at, "", "no column is declared: name them in pre_post_processor.config or fields, as metadata and timeseries")
	}
	if len(b.metadata) == 0 && len(b.series) > 0 && len(b.faults) == 0 && !b.wide {
		b.at(n.at, "", "there are timeseries and no metadata: the metadata tell sessions apart: name at least one column")
	}
	length := -1
	for _, s := range b.sequences {
		if length >= 0 && length != len(s.columns) {
			b.fault(s.at, "it has %d columns, and the timeseries before %d: each column stands for one event, so all need as many", len(s.columns), length)
		}
		length = len(s.columns)
	}
}

// inputFormats are those of CustomizableFormatPreprocessor.
var inputFormats = []string{"csv", "zeek_log_json"}

// processors reads the steps around the training.
func (b *builder) processors(n *node) {
	b.known(n, slices.Concat(processorKeys, switchKeys))
	for _, s := range []struct{ key, class string }{
		{"zeek", "ZeekPreprocessor"}, {"bowen", "csv_pre_processor"}, {"bowen", "csv_post_processor"}, {"pre_csv", "csv_pre_processor"}, {"post_csv", "csv_post_processor"},
	} {
		if b.boolean(n, s.key, false) {
			b.takeStep(s.class, nil)
		}
	}
	for _, key := range processorKeys {
		allowed := []string{"ZeekPreprocessor", "CustomizableFormatPreprocessor", "csv_pre_processor"}
		if key == "postprocessors" {
			allowed = []string{"csv_post_processor"}
		}
		var before []string
		for _, step := range b.list(n, key) {
			class, config := b.step(step, allowed)
			if class == "" {
				continue
			}
			if slices.Contains(before, class) {
				b.fault(step, "%s is there twice: remove one", class)
			}
			before = append(before, class)
			b.takeStep(class, config)
		}
	}
}

// step reads a processor, which is its class, or an object with it.
func (b *builder) step(n *node, allowed []string) (class string, config *node) {
	switch n.kind {
	case isText:
		if !slices.Contains(allowed, n.text) {
			b.choose(n, allowed)
			return "", nil
		}
		return n.text, nil
	case isObject:
		b.known(n, stepKeys)
		if b.member(n, "class") == nil {
			b.fault(n, "the processor has no class: choose one of %s", strings.Join(allowed, ", "))
		}
		return b.text(n, "class", allowed...), b.object(n, "config")
	}
	b.fault(n, "want a processor's class, or an object with class and config, got %s", n.said())
	return "", nil
}

// takeStep takes what a processor says.
func (b *builder) takeStep(class string, config *node) {
	switch class {
	case "ZeekPreprocessor":
		b.known(config, []string{"target_protocol"})
		b.config.Protocol, b.zeek = "http", true
		if v := b.want(config, "target_protocol", isText); v != nil {
			protocol := strings.ToLower(v.text)
			if protocol == "tls" {
				protocol = "ssl"
			}
			b.config.Protocol = protocol
			if known := dissect.Protocols(); !slices.Contains(known, protocol) {
				b.choose(v, known)
			}
		}
	case "CustomizableFormatPreprocessor":
		b.known(config, []string{"input_file_format", "input_file"})
		format := b.text(config, "input_file_format", inputFormats...)
		if in := b.object(config, "input_file"); in != nil {
			b.known(in, inputKeys)
			format = cmp.Or(format, b.text(in, "format", inputFormats...))
		}
		b.zeek = b.zeek || format == inputFormats[1]
	case "csv_pre_processor":
		b.known(config, nil)
		b.mends = true
	case "csv_post_processor":
		b.undo = true
		b.known(config, []string{"flow_id"})
		switch v := b.member(config, "flow_id"); {
		case v == nil:
		case v.kind == isText && strings.TrimSpace(v.text) != "":
			b.flowID = v.text
		case v.kind == isBool:
			if v.text == "true" {
				b.flowID = "flow_id"
			}
		default:
			b.fault(v, "want true, false or the column's name, got %s", v.said())
		}
	}
}

// global reads global_config.
func (b *builder) global(n *node) {
	b.known(n, globalKeys)
	b.config.Overwrite = b.boolean(n, "overwrite", true)
	switch b.text(n, "dataset_type", "netflow", "pcap", "zeek", "zeeklog") {
	case "":
	case "pcap": // NetShare makes a table of it, with times in microseconds
		b.packets = true
	default:
		b.note(n.get("dataset_type"), "the file itself tells what it is")
	}
	b.chunks = b.whole(n, "n_chunks", 1, 1)
	b.types, b.codings = b.texts(n, "allowed_data_types"), b.texts(n, "allowed_data_encodings")
	file, folder := b.want(n, "original_data_file", isText), b.want(n, "original_data_folder", isText)
	extension := b.text(n, "file_extension")
	switch {
	case file != nil && folder != nil:
		b.fault(folder, "original_data_file is there too: name the one or the other")
	case file != nil && file.text != "" && !strings.HasPrefix(file.text, "<"): // <file_path> stands in NetShare's own
		b.config.Inputs = []string{b.beside(file.text)}
	case folder != nil && folder.text != "":
		b.config.Inputs = []string{b.beside(folder.text)}
		if extension != "" {
			b.config.Inputs = []string{filepath.Join(b.beside(folder.text), "*."+strings.TrimPrefix(strings.TrimPrefix(extension, "*"), "."))}
		}
	}
	if v := b.member(n, "file_extension"); v != nil && folder == nil {
		b.fault(v, "it is for original_data_folder, which is not there: add that, or leave it out")
	}
}

// beside is a path that the configuration names, from where the program runs.
func (b *builder) beside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(b.file), path)
}

// prePost reads pre_post_processor.
func (b *builder) prePost(n *node, which string) {
	b.known(n, classKeys)
	b.vector = 10
	switch b.text(n, "class", "NetsharePrePostProcessor", "DGRowPerSamplePrePostProcessor") {
	case "NetsharePrePostProcessor":
		if which == defaultWide {
			b.fault(n.get("class"), "NetsharePrePostProcessor has an event in each row, and default is %s: say DGRowPerSamplePrePostProcessor, or default %s", defaultWide, defaultSingle)
		}
	case "DGRowPerSamplePrePostProcessor":
		if which == defaultSingle {
			b.fault(n.get("class"), "DGRowPerSamplePrePostProcessor has a session in each row, and default is %s: say NetsharePrePostProcessor, or default %s", defaultSingle, defaultWide)
		}
		b.wide = true
	}
	c := b.object(n, "config")
	b.known(c, prePostKeys)
	if w := b.object(c, "word2vec"); w != nil {
		b.known(w, word2vecKeys)
		b.vector = b.whole(w, "vec_size", 1, 10)
		if b.text(w, "model_name") != "" {
			b.note(w.get("model_name"), "the vectors are a part of the model, and have its name")
		}
		if b.whole(w, "annoy_n_trees", 1, 0) > 0 {
			b.note(w.get("annoy_n_trees"), "the nearest word is found exactly")
		}
		if v := b.want(w, "pretrain_model_path", isText); v != nil && v.text != "" {
			b.vectors = b.beside(v.text)
			if b.member(w, "vec_size") == nil {
				b.vector = 0
			}
			if slices.Contains([]string{".model", ".bin", ".npy", ".kv"}, filepath.Ext(v.text)) {
				b.fault(v, "%s is gensim's own format: save the vectors as text, in Python with model.wv.save_word2vec_format(path), and name that file", v.text)
			}
		}
	}
	b.norm = "ZERO_ONE"
	if v := b.want(c, "norm_option", isNumber); v != nil {
		switch v.text {
		case "0":
		case "1":
			b.norm = "MINUSONE_ONE"
		default:
			b.fault(v, "want 0 (ZERO_ONE) or 1 (MINUSONE_ONE), got %s", v.text)
		}
	}
	b.cut = b.whole(c, "max_flow_len", 1, 0)
	b.chunked(c, "split_name", b.text(c, "split_name", "multichunk_dep_v1", "multichunk_dep_v2"))
	b.chunked(c, "df2chunks", b.text(c, "df2chunks", "fixed_time", "fixed_size"))
	b.text(c, "truncate", "per_chunk", "none")
	if v := b.member(c, "truncate"); v != nil {
		b.note(v, "sessions are cut to max_flow_len records in all, and kept whole where it is null")
	}
	b.sample = b.whole(c, "num_train_samples", 2, 0)
	if b.sample == 0 && b.wide {
		b.sample = 50000
	}
	for _, k := range []struct{ key, why string }{
		{"num_test_samples", "halves of the real trace are compared instead"},
		{"random_seed", "--seed settles all that is drawn at random"},
	} {
		b.whole(c, k.key, 0, 0)
		if v := b.member(c, k.key); v != nil {
			b.note(v, "%s", k.why)
		}
	}
	b.timestamp(b.object(c, "timestamp"))
	for _, v := range b.list(c, "metadata") {
		b.column(v, false)
	}
	for _, v := range b.list(c, "timeseries") {
		b.column(v, true)
	}
}

// manager reads model_manager.
func (b *builder) manager(n *node) {
	b.known(n, classKeys)
	b.text(n, "class", "NetShareManager", "DGModelManager")
	c := b.object(n, "config")
	b.known(c, managerKeys)
	b.chunked(c, "pretrain_non_dp", b.boolean(c, "pretrain_non_dp", true))
	b.chunked(c, "pretrain_non_dp_reduce_time", b.real(c, "pretrain_non_dp_reduce_time", 1, 1e9, 4))
	b.chunked(c, "skip_chunk0_train", b.boolean(c, "skip_chunk0_train", false))
	if v := b.member(c, "skip_chunk0_train"); v != nil && v.text == "true" && b.chunks > 1 && b.want(c, "pretrain_dir", isText) == nil {
		b.fault(v, "true needs pretrain_dir, the run or model file that the first chunk's networks come from")
	}
	b.whole(c, "run", 0, 0)
	if v := b.member(c, "run"); v != nil {
		b.note(v, "runs are rows of netshare.runs, and have numbers")
	}
}

// chunked takes a setting of chunks, where the file says it and there are some.
func (b *builder) chunked(n *node, key string, value any) {
	v := b.member(n, key)
	if v == nil {
		return
	}
	if b.chunks < 2 {
		b.note(v, "n_chunks is 1: the trace is learnt as a whole")
		return
	}
	b.networks(key, value)
}

// networks adds a setting of networks that are learnt without privacy.
func (b *builder) networks(key string, value any) {
	set, err := engine.SettingOf(key)
	if err != nil {
		panic(err) // a name of this program's own
	}
	b.config.settings = append(b.config.settings, setting{Setting: set, values: []any{value}, open: true})
}
