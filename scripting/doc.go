// Package scripting loads recipes: it reads, checks and interprets a Go file
// that declares a trace.Recipe, and calls the recipe's functions on columns.
// It is the only importer of yaegi, the Go interpreter. This comment is the
// manual of the recipe language; package netshare/workspace/trace documents
// each word of it.
//
// # A recipe
//
// A recipe is an ordinary Go package of one file, which an editor completes and
// go vet passes:
//
//	// Package recipe reads flow records.
//	package recipe
//
//	import "netshare/workspace/trace"
//
//	var Recipe = trace.Recipe{
//		Name:     "flows",
//		Time:     trace.Epoch("ts", trace.Second),
//		Metadata: []trace.Field{trace.IP("srcip"), trace.IP("dstip"), trace.Port("dstport")},
//		Series:   []trace.Field{trace.Integer("bytes").Encode(trace.EncodeLog), trace.Category("state")},
//	}
//
// "netshare recipe new FILE -o recipe.go" writes one from a trace, "netshare
// recipe check recipe.go --input FILE" shows what it makes of the first records,
// "netshare run recipe.go --input FILE" does all steps by it.
//
// Time orders the records. Metadata is the same in all records of a session,
// and its values, or those that Key names, tell sessions apart. Series varies
// from record to record. Columns of the file that are not declared are left
// out; Drop names those that are meant to be.
//
// # Fields
//
// A field says what a column means: IP, Port, Protocol, Category (with the
// choices allowed), Integer, Real, Boolean, Text, Epoch (a time as a number of
// units), Timestamp (a time in a layout of package time, or "" where the file's
// own are recognised), Attributes (a list of names), Values (a list of values),
// Embedded. A value that is none of the kind makes its record a reject, which
// is counted and kept with its line. Methods refine a field:
//
//	trace.Integer("ttl").Range(0, 255)                  // others are rejects, and never generated
//	trace.Real("rate").Clamp(0, 100)                    // others become the nearer bound
//	trace.Category("site").Of("page").Parse(site)       // of a column with another name, or of one that has several fields
//	trace.Real("td").Encode(trace.EncodeLog)            // learnt as log(1+x); trace.Encodings lists the ways
//	trace.Real("rtt").NA("-", "?").FillMissing(0)       // words for a missing value, and what it becomes
//	trace.Text("user").RejectMissing()                  // a record without a user is a reject
//	trace.Integer("pkts").Mend()                        // negative, missing or NaN becomes 0, of texts "unavailable"
//	trace.Category("func").Parse(code).Format(name)     // a function for each way
//	trace.Real("bytes").Transform(log, exp)             // on whole columns, before and after the model
//	trace.Category("class").Derive(class, "srcport", "dstport")
//	trace.Port("dstport").Embed(10)                      // learnt as vectors, NetShare's word2vec; Pretrained takes those of a file
//	trace.Attributes("layers", ":", "eth", "ip", "tcp") // learnt as which names are in it
//	trace.Values("answer", ";", "=", trace.Category("type"), trace.Integer("ttl"))
//
// # Rules
//
// Recipe.Rules are what holds in every record, real and synthetic:
//
//	Rules: []trace.Rule{
//		trace.Holds("end = start + duration"),                          // end is computed
//		trace.Holds("bytes >= 20 * packets + 8").Where("proto", "UDP"), // others give way
//		trace.Absent("srcport", "dstport").Where("proto", "ICMP"),
//		trace.OneOf("state", "CON", "INT").Where("proto", "UDP"),
//		trace.Together("type", "code"), // combinations that the real trace has
//		trace.Unique("uid"),
//		trace.Rising("seq"), // within a session
//	},
//
// What the real trace tells of itself need not be declared: sums of whole
// numbers, bytes that packets need, numbers that are never less than others,
// bounds by protocol and category, values that are never together. The report
// names both, and what share of the records obeys. A real record that breaks a
// declared rule is loaded all the same.
//
// # Functions
//
// Parse takes a func(In) Out or func(In) (Out, error), with In and Out one of
// string, int64, float64, bool, time.Time; In is the value of the file, Out what
// is loaded. An error makes the record a reject. A missing value stays missing
// without a call. Format is the way back, on export, a func(Out) In. Transform
// takes two func([]float64) []float64, which give as many numbers as they get
// and undo each other. Derive takes a func(trace.Record) Out, or one with an
// error too, and the names of the columns that it may ask the record for.
//
// Functions must be pure: the same value in gives the same value out, whatever
// was called before. They are called once for each distinct value, in any
// order, and from several goroutines, each of which has an interpreter (and so
// the recipe's variables) of its own. An interpreted call takes about a
// microsecond; what it calls of strings, strconv, net/netip, time or regexp is
// compiled code. Kinds without a function of the recipe's own are parsed by
// compiled code alone.
//
// # The whole record, the whole file
//
// Recipe.Filter keeps the records that a function says: trace.Where(isTCP,
// "proto") sees the named columns as the file has them, before anything is
// parsed. Recipe.Derived are columns that follow from others: they are not
// learnt but computed, so that they are right in every synthetic record.
//
// Recipe.Sequences are series that a record of the file holds whole, in columns
// or as the elements of a list: the record is then a session of its own.
// Recipe.FlowID names a column that a synthetic trace is written with besides
// its own: the number of the session. Recipe.Sample and Recipe.Cut bound how
// many sessions, and how much of each, is learnt from.
//
// Recipe.Read reads a format that nobody knows. It gets the file, line by line
// or as an io.Reader, and emits a value for each of Recipe.Columns, as text or
// as it is:
//
//	func read(in *trace.Input, emit func(trace.Row) error) error {
//		for line, ok := in.Line(); ok; line, ok = in.Line() {
//			cells := strings.Fields(line)
//			if len(cells) != 3 {
//				in.Reject("want 3 cells", line) // with its file and line
//				continue
//			}
//			if err := emit(trace.Row{cells[0], cells[1], cells[2]}); err != nil {
//				return err
//			}
//		}
//		return nil
//	}
//
// Recipe.Write, a func(trace.Record) string, writes a record as such a line;
// without it the synthetic trace is CSV.
//
// # Run
//
// A function Run scripts the steps itself, with what a Go program that imports
// netshare/workspace and netshare/engine would write:
//
//	func Run(ctx context.Context, ws *workspace.Workspace) error {
//		given := ws.Given() // what netshare run was asked for
//		if _, err := ws.Load(ctx, workspace.Load{Table: "flows", Files: given.Inputs, Recipe: &Recipe}); err != nil {
//			return err
//		}
//		model, err := ws.Train(ctx, "flows", given.Train, given.Hooks)
//		...
//		_, err = ws.Export(ctx, "flows", given.Output)
//		return err
//	}
//
// Files are reached through the workspace's verbs alone. A file with Run need
// not declare a Recipe. The same file, compiled, makes the same tables.
//
// # The language
//
// A recipe is in the language of Go 1.20 without generics, goroutines and
// channels, and without a function init. It may import netshare/workspace/trace
// and the part of the standard library that computes: text, numbers, time,
// encodings, hashes, regular expressions. Nothing that opens files, sockets,
// processes or memory can be reached.
//
// Everything that can be found before a line of a recipe runs is found before:
// the file is parsed, its dialect checked and its types checked against the
// very symbols that the interpreter offers, with no Go toolchain and no source
// files at hand. What happens later, an endless loop, a panic, a runaway
// allocation, ends in an *Error too, with file, line and column: every call
// runs under recover and under a watch that stops the interpreter. A function
// has two seconds for a value, Run a minute between two calls of the workspace.
// An interpreter that was stopped or that panicked is thrown away and the next
// call gets a fresh one.
//
// The package's functions serve compiled recipes as well, whose functions must
// then be safe for concurrent use.
package scripting
