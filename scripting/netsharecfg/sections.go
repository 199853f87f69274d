package netsharecfg

import "strings"

// section is an object of a configuration and the keys that it may have.
type section struct {
	name string
	keys []string
}

func words(s string) []string { return strings.Fields(s) }

var (
	topKeys       = words("processors global_config default pre_post_processor model_manager model fields input_file output_file changed_fields")
	laterKeys     = words("input_adapters output_adapters learn")
	processorKeys = words("preprocessors postprocessors")
	stepKeys      = words("class config")
	switchKeys    = words("zeek bowen pre_csv post_csv") // processors as NetShare had them for a while
	inputKeys     = words("format")
	topInputKeys  = words("path format")
	globalKeys    = words("overwrite dataset_type n_chunks dp original_data_file original_data_folder file_extension allowed_data_types allowed_data_encodings default")
	classKeys     = words("class config")
	prePostKeys   = words("timestamp word2vec metadata timeseries max_flow_len norm_option split_name df2chunks truncate num_train_samples num_test_samples random_seed")
	word2vecKeys  = words("vec_size model_name annoy_n_trees pretrain_model_path")
	timeKeys      = words("column generation encoding normalization type time_format")
	columnKeys    = words("column columns name type encoding n_bits categorical_mapping choices min_x max_x normalization log1p_norm regex delimiter names abnormal")
	fieldsKeys    = words("timestamp metadata timeseries")
	fieldKeys     = words("name to parse format abnormal encoding type time_format names delimiter n_bits categorical_mapping choices min_x max_x normalization log1p_norm generation column columns regex")
	managerKeys   = words("pretrain_dir skip_chunk0_train pretrain_non_dp pretrain_non_dp_reduce_time pretrain_dp run")
)

// sections are searched for a key that stands in the wrong place.
var sections = []section{
	{"the file's top", topKeys},
	{"processors", processorKeys},
	{"global_config", globalKeys},
	{"pre_post_processor.config", prePostKeys},
	{"pre_post_processor.config.word2vec", word2vecKeys},
	{"the columns of pre_post_processor.config.metadata and timeseries", columnKeys},
	{"the fields of fields", fieldKeys},
	{"model_manager.config", managerKeys},
	{"model.config", modelKeyNames()},
}
