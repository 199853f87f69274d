// Package zeekio reads and writes Zeek's logs: tab-separated text with a
// #fields/#types header, and JSON, one record a line. Both give the same rows
// of package trace for the same log, and a log that is read and written
// untouched is equal record by record.
//
// # Values
//
// Zeek's types become columns so:
//
//	time                     TIMESTAMP_NS, read exactly from the decimal text or from ISO 8601
//	interval                 DOUBLE, seconds
//	count, int               BIGINT
//	port                     BIGINT, kind port
//	double                   DOUBLE
//	bool                     BOOLEAN
//	addr                     VARCHAR, kind address
//	enum                     VARCHAR, kind category (protocol where the field is proto)
//	string, subnet, pattern  VARCHAR, kind text
//	set[T], vector[T]        the list type of T (times in lists stay text)
//	anything else            VARCHAR, kind text, as the file has it
//
// An unset field is nil, an empty set is an empty list. A JSON field that no log
// is known to have gets the type that holds all its values but for a stray one
// in a hundred; where there is none it is "any", text in which a string that
// could be taken for another JSON value stands in quotes.
//
// Text is held as Zeek's own JSON logs write it: bytes that are no printable
// UTF-8 (all controls but \b \f \n \r \t) are kept as the four characters
// \xNN, everything else as itself. So the two formats agree, and every value
// is valid text for a database.
//
// # Records that are rejected
//
// A record is rejected, with its line and byte offset, when a value is not of
// its field's type, when it has no ts although the log has one, when some but
// not all of id.orig_h, id.orig_p, id.resp_h, id.resp_p are set, and when it
// belongs to another log (_path, or #path of a later header). A line of more
// than 4 MiB is rejected without being held.
//
// # Logs of several parts
//
// A header between records is read anew: of TSV logs that were concatenated,
// fields may come in another order, be absent, or be separated otherwise. The
// columns are those of the first header; what a later one adds is left out and
// told of. The labels of the IoT-23 data sets, which hang on the last field by
// three blanks, are columns of their own.
//
// # Tables that are no Zeek log's
//
// NewWriter gives columns of other packages the Zeek type that fits their Type
// and Kind; a time held as a number of units is written as Zeek's time. Names
// lose what a header can't hold.
//
// # Speed
//
// A log is parsed in blocks of whole lines by several goroutines, and handed on
// in its order by the caller's.
//
// # Column.Format
//
// Zeek's name of the type, then what JSON needs to write a value as it was,
// each after a semicolon: "iso=N" for an ISO 8601 time with N digits of second
// ("iso" alone for as many as needed), "ms" for a time in whole milliseconds,
// "in=A/B" for a field that stood in the nested objects A and B.
//
// # Schema.Props
//
//	separator, set_separator, empty_field, unset_field   of a TSV log, unescaped
//	path                                                 #path or _path
//	open                                                 #open, verbatim
//	eol                                                  "crlf" where lines end so
//	extra                                                JSON keys kept out of the table: "_path", "_write_ts", in order
//	write_ts                                             form of _write_ts, as in Column.Format
package zeekio
