// Package scripting loads recipes: it reads, checks and interprets a Go file
// that declares a trace.Recipe, and calls the recipe's functions on columns.
// It is the only importer of yaegi, the Go interpreter.
//
// A recipe is an ordinary Go package of one file, without generics and in the
// language of Go 1.20, with a package-level variable Recipe of type
// trace.Recipe. It may import netshare/workspace/trace and the part of the
// standard library that computes: text, numbers, time, encodings, regular
// expressions. Nothing that opens files, sockets, processes or memory can be
// reached, and there are no goroutines and no channels.
//
// Everything that can be found before a line of a recipe runs is found before:
// the file is parsed, its dialect checked and its types checked against the
// very symbols that the interpreter offers, with no Go toolchain and no source
// files at hand. What happens later, an endless loop, a panic, a runaway
// allocation, ends in an *Error too: every call runs under recover and under a
// watch that stops the interpreter. An interpreter that was stopped or that
// panicked is thrown away and the next call gets a fresh one.
//
// The functions of a recipe must be pure: the same value in gives the same
// value out, whatever was called before. They are called once per distinct
// value, in any order, and from several goroutines, each of which has an
// interpreter (and so the recipe's variables) of its own. Parse, Format,
// Forward and Inverse serve compiled recipes as well, whose functions must
// then be safe for concurrent use.
package scripting
