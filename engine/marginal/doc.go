// Package marginal learns a trace under differential privacy from noised
// counts, and makes synthetic sessions of them.
//
// Fit looks at the sessions in four steps, each through noise (package
// privacy), each step free to use what the ones before gave:
//
//   - how many sessions there are;
//   - what each column holds: counts over a public grid of numbers or ports, over
//     prefixes of addresses, over texts that enough sessions have, over a tree of
//     ever finer intervals of time;
//   - which pairs of columns say most of each other, chosen by an exponential
//     mechanism one after the other until they are a tree (McKenna, Miklau and
//     Sheldon 2021), and the counts of those pairs;
//   - of sessions of several records, how each column goes from record to record.
//
// A session counts once in all, however long: each of its records has a share.
// What one unit of privacy can change is therefore the same for each count, and
// the noise is drawn for it. Nothing else of the data is used: grids, prefix
// lengths, how texts that too few have are made up, and the most records of a
// session that are looked at are the program's, whatever the trace.
//
// The package knows no networks, files or tables.
package marginal
