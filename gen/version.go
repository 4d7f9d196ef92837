package gen

// Version is the version of this program. jobmachine.version() returns that of the installed
// functions; programs compare the two before they start. This file is written by hand.
const Version = "0.1.0"
