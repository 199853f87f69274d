// Package tableio loads CSV (any delimiter), JSON lines and Parquet files into
// database tables, and writes tables back as such files. It owns dialects,
// encodings and the inference of column types from all values of a file; the
// bulk work is DuckDB's, which the caller hands in as a DB. It knows no
// catalog and no recipes.
//
// # Types
//
// Every value of a column decides its type: whole numbers, numbers, booleans
// (true and false only), times in one of the layouts of this package, IP
// addresses, ports and protocols where the name says so, text otherwise. Empty
// cells are missing values, and so are -, ?, NA and their like in a column
// whose other values are clearly typed. A few values (up to one in twenty, or
// half where the column's name says what it holds) that don't fit are rejected
// with their line; more of them make the column text. Numbers with leading
// zeros and beyond 64 bits stay text, so nothing is lost.
//
// # Column.Format
//
// Items separated by semicolons, none for the plain form:
//
//	fixed:N        a number with N decimals
//	repr           a number as Python writes it: shortest, with .0 where whole
//	ipv4-integer   an address held as dotted text, which the file has as a number
//	epoch:N        a TIMESTAMP_NS that the file has as seconds with N decimals
//	units:N        a TIMESTAMP_NS that is written as a whole number, of 10^-N seconds
//	time:LAYOUT    a time as package time writes layouts; {h} is an hour without leading zero
//	zone=NAME      of the times, where the layout has an offset
//	fraction=trim  fractions of a second without trailing zeros
//	fraction=none0 fractions of a second left out where they are zero
//	True/False     the two words of a boolean, false second
//	null=TOKEN     how a missing value is written
//	quoted         every value stands in quotes
//	bare-missing   though the others are quoted, a missing value is not
//	width=N        cells are filled up with blanks to N characters, on the right if N < 0
//	lead=N         N blanks stand before the value
//	formulas       some texts begin as formulas do
//	json           the cell is JSON as it stands in the file
//	explicit-null  a missing value is written as null, not left out
//
// # Schema.Props
//
//	delimiter, encoding (utf-8, utf-16le, utf-16be, windows-1252), bom ("true")
//	trailing ("true" for a delimiter at each record's end)
//	top     the header as it stands in the file, where values are filled up with blanks
//	guard   ("true" for a table that a model made, see Formulas)
//	eol ("crlf"), final_newline ("false"), header ("false", "quoted")
//	names   the header's own names as a JSON list, where columns are named otherwise
//	array   of objects in a JSON array: what stands before and between them, as a JSON list
//	marks   what stands in an object after a key and between members, as a JSON list
//
// # Formulas
//
// A spreadsheet runs what begins with =, +, - or @ and is no number. A table
// that is loaded and written again is written as it was: nothing is escaped,
// since that would change the data. Of a table that a model made, written with
// the property guard, such a text gets a ' before it, which has a spreadsheet
// show it and not run it, unless the column had such texts in the input
// already.
package tableio
