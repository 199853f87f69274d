package netsharecfg

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"netshare/engine"
	"netshare/engine/dgan"
	"netshare/scripting"
	"netshare/workspace/trace"
)

// configurations of both generations, and the recipes that they are.
var configurations = []struct {
	name, text string
	want       trace.Recipe // without name, file, text
}{
	{
		"first generation", `{
  "global_config": {"original_data_file": "raw.csv", "overwrite": true, "dataset_type": "netflow", "n_chunks": 2, "dp": false},
  "default": "single_event_per_row.json",
  "pre_post_processor": {"class": "NetsharePrePostProcessor", "config": {
    "timestamp": {"column": "ts", "generation": true, "encoding": "interarrival", "normalization": "ZERO_ONE"},
    "word2vec": {"vec_size": 12, "model_name": "m", "annoy_n_trees": 100, "pretrain_model_path": null},
    "metadata": [
      {"column": "srcip", "type": "integer", "encoding": "bit", "n_bits": 32, "categorical_mapping": false},
      {"column": "srcport", "type": "integer", "encoding": "word2vec_port"},
      {"column": "proto", "type": "string", "encoding": "word2vec_proto"},
      {"column": "vlan", "type": "integer", "encoding": "bit", "n_bits": 12},
      {"column": "site", "type": "integer", "encoding": "bit", "n_bits": 8, "categorical_mapping": true}],
    "timeseries": [
      {"column": "td", "type": "float", "normalization": "MINUSONE_ONE"},
      {"column": "pkt", "type": "float", "normalization": "ZERO_ONE", "log1p_norm": true},
      {"column": "ttl", "type": "float", "normalization": "ZERO_ONE", "min_x": 0.0, "max_x": 255.0},
      {"column": "flag", "type": "integer", "encoding": "categorical", "choices": [0, 1, 2]}]}},
  "model": {"class": "DoppelGANgerTorchModel", "config": {"batch_size": 50, "sample_len": [10], "sample_len_expand": true, "epochs": 40}}
}`,
		trace.Recipe{
			Time: trace.Timestamp("ts", ""),
			Metadata: []trace.Field{
				trace.IP("srcip").Encode(trace.EncodeBits), trace.Port("srcport").Embed(12),
				trace.Protocol("proto").Embed(12), trace.Integer("vlan").InBits(12),
				trace.Category("site").Encode(trace.EncodeCategory),
			},
			Series: []trace.Field{
				trace.Real("td").Encode(trace.EncodeSymmetric), trace.Real("pkt").Encode(trace.EncodeLog),
				trace.Real("ttl").Encode(trace.EncodeMinMax).Clamp(0, 255), trace.Category("flag", "0", "1", "2").Encode(trace.EncodeCategory),
			},
		},
	},
	{
		"second generation", `{
  "processors": {"preprocessors": [{"class": "ZeekPreprocessor", "config": {"target_protocol": "syslog"}}, "csv_pre_processor"],
    "postprocessors": [{"class": "csv_post_processor", "config": {"flow_id": true}}]},
  "fields": {
    "timestamp": [{"name": "ts", "to": "time", "parse": "second2micro", "format": "timestamp", "encoding": "timestamp"}],
    "metadata": [
      {"name": "id.orig_h", "to": "srcip", "parse": "ip_quad2int", "format": "integer", "abnormal": true, "encoding": "bit"},
      {"name": "id.orig_p", "format": "integer", "encoding": "word_port"},
      {"name": "other", "format": "IP", "type": "IPv6", "encoding": "bit"}],
    "timeseries": [
      {"name": "facility", "parse": "syslog_facility2code", "format": "integer", "encoding": "categorical"},
      {"name": "size", "format": "integer", "encoding": "float"},
      {"name": "layers", "format": "list", "encoding": "list_attributes", "names": ["IP", "TCP"], "delimiter": ":"},
      {"name": "answers", "format": "list", "encoding": "list_values", "names": {"type": "float", "cls": "categorical"}, "delimiter": "="}]}
}`,
		trace.Recipe{
			Time: trace.Epoch("ts", trace.Second),
			Metadata: []trace.Field{
				trace.IP("id.orig_h").Encode(trace.EncodeBits).Mend(), trace.Port("id.orig_p").Embed(10).Mend(), trace.IP("other").Encode(trace.EncodeBits),
			},
			Series: []trace.Field{
				trace.Category("facility").Encode(trace.EncodeCategory), trace.Real("size").Encode(trace.EncodeLog),
				trace.Attributes("layers", ":", "IP", "TCP"),
				trace.Values("answers", "", "=", trace.Real("type").Encode(trace.EncodeLog), trace.Category("cls")),
			},
			FlowID: "flow_id",
		},
	},
	{
		"words that are no ports", `{"global_config": {"dataset_type": "pcap"}, "pre_post_processor": {"config": {
  "timestamp": {"column": "time", "encoding": "interarrival"}, "word2vec": {"vec_size": 12},
  "metadata": [
    {"column": "user", "type": "string", "encoding": "word2vec_ip"},
    {"column": "computer", "type": "string", "encoding": "word2vec_port"},
    {"column": "sport", "type": "integer", "encoding": "word2vec_port"},
    {"column": "qtype", "type": "integer", "encoding": "word2vec_dns_type"},
    {"column": "proto", "type": "string", "encoding": "word2vec_proto"}]}}}`,
		trace.Recipe{
			Time: trace.Epoch("time", trace.Microsecond),
			Metadata: []trace.Field{
				trace.Embedded("user", 12), trace.Embedded("computer", 12), trace.Port("sport").Embed(12),
				trace.Embedded("qtype", 12), trace.Protocol("proto").Embed(12),
			},
		},
	},
	{
		"vectors of a file", `{"pre_post_processor": {"config": {
  "word2vec": {"model_name": "w", "pretrain_model_path": "/v/ports.txt"}, "timestamp": {"column": "t", "generation": false},
  "metadata": [{"column": "sport", "type": "integer", "encoding": "word2vec_port"}]}}}`,
		trace.Recipe{Metadata: []trace.Field{trace.Port("sport").Embed(0).Pretrained("/v/ports.txt")}, Drop: []string{"t"}},
	},
	{
		"a table of pandas's", `{"processors": {"zeek": false, "bowen": true}, "input_file": {"path": "raw.csv", "format": "csv"}, "output_file": "out.csv", "fields": {
  "timestamp": [{"name": "t", "format": "timestamp", "type": "unprocessed", "encoding": "timestamp"}],
  "metadata": [
    {"name": "sport", "format": "integer", "encoding": "word_port"},
    {"name": "type", "format": "integer", "encoding": "bit"},
    {"name": "label", "format": "integer", "encoding": "categorical"},
    {"name": "computer", "format": "string", "encoding": "word_port"}],
  "timeseries": [{"name": "ttl", "format": "float", "encoding": "float"}]}}`,
		trace.Recipe{
			Time: trace.Timestamp("t", ""),
			Metadata: []trace.Field{
				trace.Port("sport").Embed(10).Mend(), trace.Integer("type").InBits(32).Mend(),
				trace.Category("label").Encode(trace.EncodeCategory), trace.Embedded("computer", 10),
			},
			Series: []trace.Field{trace.Real("ttl").Encode(trace.EncodeLog)},
		},
	},
	{
		"times as text", `{"fields": {
  "timestamp": [{"name": "t", "format": "timestamp", "type": "unprocessed", "time_format": "%d/%b/%Y %H:%M:%S.%f", "encoding": "timestamp"}],
  "metadata": [{"name": "a", "to": "b", "encoding": "categorical"}]}}`,
		trace.Recipe{Time: trace.Timestamp("t", "02/Jan/2006 15:04:05.000000"), Metadata: []trace.Field{trace.Category("b").Encode(trace.EncodeCategory).Of("a")}},
	},
	{
		"no time", `{"pre_post_processor": {"config": {"timestamp": {"column": "t", "generation": false}, "max_flow_len": 7, "num_train_samples": 100,
  "metadata": [{"column": "a", "type": "string", "encoding": "categorical"}]}}}`,
		trace.Recipe{Metadata: []trace.Field{trace.Category("a").Encode(trace.EncodeCategory)}, Drop: []string{"t"}, Sample: 100, Cut: 7},
	},
	{
		"events in a row", `{"default": "dg_table_row_per_sample.json", "pre_post_processor": {"class": "DGRowPerSamplePrePostProcessor", "config": {
  "metadata": [{"column": "who", "type": "string"}],
  "timeseries": [{"columns": ["d1", "d2"], "type": "float", "normalization": "MINUSONE_ONE", "log1p_norm": true}]}}}`,
		trace.Recipe{
			Metadata: []trace.Field{
				trace.Category("who").Encode(trace.EncodeCategory).RejectMissing(),
				trace.Real("d1").Encode(trace.EncodeLog).RejectMissing(), trace.Real("d2").Encode(trace.EncodeLog).RejectMissing(),
			},
			Key: []string{}, Sequences: []trace.Sequence{{Name: "events 1", Columns: []string{"d1", "d2"}}}, Sample: 50000,
		},
	},
	{
		"events in a row under other names", `{"default": "dg_table_row_per_sample.json", "pre_post_processor": {"config": {
  "metadata": [
    {"column": "page", "regex": "_(de|en)_", "type": "string", "name": "language"},
    {"column": "page", "regex": "_([a-z]+)$", "type": "string", "name": "agent"}],
  "timeseries": [{"columns": ["d1", "d2"], "name": ["first", "second"], "type": "string"}]}}}`,
		trace.Recipe{
			Metadata: []trace.Field{
				trace.Category("language").Encode(trace.EncodeCategory).Of("page").RejectMissing(),
				trace.Category("agent").Encode(trace.EncodeCategory).Of("page").RejectMissing(),
				trace.Category("first").Encode(trace.EncodeCategory).Of("d1").RejectMissing(),
				trace.Category("second").Encode(trace.EncodeCategory).Of("d2").RejectMissing(),
			},
			Key: []string{}, Sequences: []trace.Sequence{{Name: "events 1", Columns: []string{"first", "second"}}}, Sample: 50000,
		},
	},
	{
		"a list of events in a row", `{"default": "dg_table_row_per_sample.json", "fields": {
  "metadata": [{"name": "who", "encoding": "categorical"}],
  "timeseries": [{"name": "what", "format": "list", "encoding": "categorical", "delimiter": "|"}]}}`,
		trace.Recipe{
			Metadata: []trace.Field{trace.Category("who").Encode(trace.EncodeCategory), trace.Category("what").Encode(trace.EncodeCategory).Separated("|")},
			Key:      []string{}, Sequences: []trace.Sequence{{Name: "what", Columns: []string{"what"}}}, Sample: 50000,
		},
	},
}

func TestConfigurations(t *testing.T) {
	for _, c := range configurations {
		t.Run(c.name, func(t *testing.T) {
			config, err := parse("lab.json", c.text, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{config.Text, config.Script()} {
				if text != config.Text { // which needs the verbs: only its looks
					text, _, _ = strings.Cut(text, "\n// Run ")
					text = strings.NewReplacer("\t\"context\"\n", "", "\t\"netshare/workspace\"\n", "", "\t\"netshare/engine\"\n", "").Replace(text)
				}
				s, err := scripting.LoadSource(t.Context(), "lab.go", []byte(text))
				if err != nil {
					t.Fatalf("%v\n%s", err, text)
				}
				got := s.Recipe
				if got.Name != "lab" {
					t.Errorf("name %q", got.Name)
				}
				got.Name, got.File, got.Text = "", "", ""
				if !reflect.DeepEqual(plain(got), plain(c.want)) {
					t.Errorf("got  %+v\nwant %+v", got, c.want)
				}
			}
		})
	}
}

// plain is a recipe with nothing for empty lists.
func plain(r trace.Recipe) string {
	for _, list := range [][]trace.Field{r.Metadata, r.Series} {
		for i := range list {
			if len(list[i].Choices) == 0 {
				list[i].Choices = nil
			}
			list[i].ParseFunc = nil // which is compared by what it makes
		}
	}
	return fmt.Sprintf("%+v", r)
}

// TestProcessed holds what comes out without a csv_post_processor: what the
// parse functions make, under the names of to.
func TestProcessed(t *testing.T) {
	config, err := parse("lab.json", `{"fields": {
  "timestamp": [{"name": "ts", "to": "time", "parse": "second2micro", "format": "timestamp", "encoding": "timestamp"}],
  "metadata": [{"name": "ip", "parse": "ip_quad2int", "format": "integer", "encoding": "bit"}],
  "timeseries": [
    {"name": "func", "to": "code", "parse": "modbus_func2code", "format": "integer", "encoding": "categorical"},
    {"name": "fac", "parse": "syslog_facility2code", "format": "integer", "encoding": "categorical"},
    {"name": "sev", "parse": "syslog_severity2code", "format": "integer", "encoding": "categorical"}]}}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scripting.LoadSource(t.Context(), "lab.go", []byte(config.Text))
	if err != nil {
		t.Fatalf("%v\n%s", err, config.Text)
	}
	r := s.Recipe
	if r.Time.Name != "time" || r.Time.Column != "ts" || r.Series[0].Name != "code" || r.Series[0].Column != "func" {
		t.Errorf("%+v", r)
	}
	for _, c := range []struct {
		field trace.Field
		in    []any
		want  []any
	}{
		{r.Time, []any{1424273686.951089, time.UnixMicro(1424273686951089).UTC()}, []any{int64(1424273686951089), int64(1424273686951089)}},
		{r.Metadata[0], []any{"192.168.1.100"}, []any{int64(3232235876)}},
		{r.Series[0], []any{"READ_COILS", "WRITE_SINGLE_REGISTER", "OTHER", "9"}, []any{int64(1), int64(6), int64(0), int64(9)}},
		{r.Series[1], []any{"KERN", "LOCAL7", "X"}, []any{int64(0), int64(23), int64(24)}},
		{r.Series[2], []any{"EMERGENCY", "ERR", "DEBUG", "X"}, []any{int64(0), int64(3), int64(7), int64(8)}},
	} {
		got, errs, err := scripting.Parse(t.Context(), c.field, c.in)
		if err != nil || errs != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s of %v: got %v (%v, %v), want %v", c.field.Name, c.in, got, errs, err, c.want)
		}
	}
}

func TestOptions(t *testing.T) {
	base := engine.DefaultOptions()
	config, err := parse("c.json", configurations[0].text, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := config.Options(base)
	if len(all) != 1 || all[0].GAN.Batch != 50 || all[0].GAN.SampleLen != 10 || all[0].Epochs != 40 {
		t.Errorf("%+v", all)
	}
	base.Epochs = 2
	if all = config.Options(base); all[0].Epochs != 2 {
		t.Errorf("the command line's 2 epochs became %d", all[0].Epochs)
	}
	// What the file does not say is NetShare's default.
	got, want := all[0].GAN, dgan.NetShareConfig()
	want.Batch = 50
	got.Interpolation, got.StraightThrough, got.Temperature, got.Chain, got.Average = want.Interpolation, want.StraightThrough, want.Temperature, want.Chain, want.Average
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	config, err = parse("c.json", good[:len(good)-1]+`}, "model": {"config": {"d_rounds": [1, 2], "d_rounds_expand": true, "leaky_relu": true, "gen_feature_num_units": 64,
  "num_packing": 2, "noise": false, "feed_back": true, "attr_noise_type": "uniform", "feature_noise_type": "uniform", "g_beta1": 0.1, "d_beta1": 0.2, "attr_d_beta1": 0.3,
  "adam_amsgrad": true, "initial_state": "variable", "rnn_mlp_num_layers": 2, "generator_feature_num_layers": 2, "fix_feature_network": true,
  "extra_checkpoint_freq": 3, "epoch_checkpoint_freq": 5, "discriminator_num_layers": 3}}}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	var tried []string
	for _, o := range config.Options(base) {
		tried = append(tried, fmt.Sprint(o.GAN.SampleLen, "/", o.GAN.CriticRounds))
		if o.GAN.LSTMUnits != 64 || o.GAN.LeakySlope != .01 {
			t.Errorf("%+v", o.GAN)
		}
		g := o.GAN
		if g.Packing != 2 || g.SeriesNoise != dgan.NoNoise || !g.Feedback || g.MetaNoise != dgan.UniformNoise || g.Beta1 != .1 || g.CriticBeta1 != .2 ||
			g.AttributeCriticBeta1 != .3 || !g.AMSGrad || g.InitialState != dgan.LearntState || g.SeriesLayers != 2 || g.LSTMLayers != 2 ||
			!g.FixSeries || o.MeasureEpochs != 3 || o.CheckpointEpochs != 5 || g.CriticLayers != 2 {
			t.Errorf("%+v", o)
		}
		if err := o.Validate(); err != nil {
			t.Error(err)
		}
	}
	if s := strings.Join(tried, " "); s != "1/1 1/2 5/1 5/2 10/1 10/2" {
		t.Errorf("tried %s", s)
	}
}

func TestLayout(t *testing.T) {
	at := time.Date(2023, 7, 31, 21, 29, 5, 15000000, time.UTC)
	for format, want := range map[string]string{
		"%Y-%m-%d %H:%M:%S.%f": "2023-07-31 21:29:05.015000",
		"%d/%b/%Y:%H:%M:%S %z": "31/Jul/2023:21:29:05 +0000",
		"%Y-%m-%dT%H:%M:%SZ":   "2023-07-31T21:29:05Z",
		"%m/%d/%y %I:%M %p":    "07/31/23 09:29 PM",
	} {
		layout, err := layoutOf(format)
		if got := at.Format(layout); err != nil || got != want {
			t.Errorf("%s: got %s (%v), want %s", format, got, err, want)
		}
	}
}

func ExampleConfig_Script() {
	c, err := parse("lab.json", `{"pre_post_processor": {"config": {"timestamp": {"column": "ts"},
  "metadata": [{"column": "host", "type": "string", "encoding": "categorical"}]}}, "model": {"config": {"sample_len": 1, "epochs": 5}}}`, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _, _ := strings.Cut(c.Script(), "\n// Run ")
	fmt.Print(text)
	// Output:
	// // Package recipe declares what lab.json, a configuration of NetShare's, says of a
	// // trace.
	// package recipe
	//
	// import (
	// 	"context"
	//
	// 	"netshare/workspace"
	// 	"netshare/workspace/trace"
	// )
	//
	// // Recipe declares the fields.
	// var Recipe = trace.Recipe{
	// 	Name: "lab",
	// 	Time: trace.Timestamp("ts", ""),
	// 	Metadata: []trace.Field{
	// 		trace.Category("host").Encode(trace.EncodeCategory),
	// 	},
	// }
}
