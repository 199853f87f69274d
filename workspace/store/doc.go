// Package store owns the workspace file: one DuckDB database that holds traces
// as loaded (schema raw), generated tables (synth), the program's own records
// (netshare) and the user's tables (main). It opens, locks and migrates the
// file, writes tables so that nobody ever sees half of one, streams sessions
// and columns, and answers SQL.
//
// It does not read or write any other file format, and knows nothing of models
// beyond the bytes they are saved as. SQL and the DuckDB driver stay in here;
// values leave as the Go types that package trace names.
//
// All methods of DB may be called from several goroutines at once; each call
// uses a connection of its own, so that readers stream while rows are written.
package store
