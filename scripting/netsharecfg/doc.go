// Package netsharecfg reads the JSON configuration files of NetShare, the
// Python original, of both generations: columns under
// pre_post_processor.config, each with column, type and encoding; and fields,
// each with name, to, parse, format, abnormal and encoding, beside processors.
// A configuration becomes a recipe, as the text of a .go file, and options of
// the engine. It owns what the keys mean, their defaults, and where in a file
// they stand; it runs nothing.
//
// Every key of NetShare is honoured, or noted as having nothing to act on, or
// refused, by name and with the reason. An unknown key is an error with its
// place, its path and the nearest known key.
//
// # Meaning
//
//	encoding bit                     trace.EncodeBits; of addresses too; type or format integer is a number, of the first generation with n_bits 32 an address
//	encoding word2vec_NAME, word_    trace.Port of a port, trace.Protocol of proto, of strings and other names trace.Embedded; learnt as vectors of vec_size
//	word2vec.pretrain_model_path     the vectors, in word2vec's text format; gensim's own formats are refused
//	encoding categorical             trace.Category, all values repeated; choices are the only ones allowed
//	categorical_mapping true         the numbers are names, so that only those seen come out
//	type float                       trace.Real, ZERO_ONE or MINUSONE_ONE, log1p_norm; clamped to min_x and max_x
//	timestamp                        the time; generation false leaves it out
//	parse                            undone on the way out where there is a csv_post_processor
//	abnormal                         Field.Mend
//	csv_pre_processor                Field.Mend of integers learnt by bits or as words, where NetShare has 0 for -1 and nothing
//	dataset_type pcap                times are microseconds, as in the table that NetShare makes of a capture
//	type unprocessed                 a time as text; without time_format in whatever layout it is found to have
//	KEY_expand of the model          each value is learnt with, a tenth of the sessions held out to choose by; the best
//	                                 by fidelity to those is learnt once more, of all
//	settings of the model            those of engine.Settings, by the same names; in NetShare's the layers count the output too
//	rnn_mlp_num_layers               hidden layers that all heads of a record share, without batch normalisation
//	use_adaptive_rolling             nothing: the LSTM stops behind the longest sample of a batch in any case
//	extra_checkpoint_freq            epochs between measurements of fidelity
//	epoch_checkpoint_freq            epochs between checkpoints
//	dp, pretrain_dp true             the networks by noised gradients: engine.DPGAN, at delta 1e-5
//	dp_noise_multiplier, _l2_norm_clip  its noise and clip; epsilon is what comes of them and of epochs
//	n_chunks, df2chunks, split_name  engine.Chunks; a file that is silent has one chunk, where NetShare has 10
//	pretrain_non_dp, _reduce_time    how later chunks begin, and for how long they are learnt
//	skip_chunk0_train                the first chunk's networks are those of pretrain_dir
//	truncate                         nothing: sessions are cut to max_flow_len in all, or kept whole
//	self_norm                        engine.Options.SelfNorm, true of sessions in rows unless the file says otherwise
//	sn_mode spectral, scale          spectral normalisation of the critics
//	pretrain_dir                     a run's number, W.duckdb:RUN or a model file, whose networks learning begins with;
//	                                 under dp, a public run or table that is learnt first
//	default dg_table_row_per_sample  a row of the file is a session: its columns, or the elements of a list, are the records
//
// Columns come out under their names in the file. Without a csv_post_processor
// a field with to is a column of that name, and what parse made of a value is
// what comes out, as in NetShare. With one whose config has flow_id true, or a
// name, a column of that name (flow_id) numbers the sessions.
package netsharecfg
