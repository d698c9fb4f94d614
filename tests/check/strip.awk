# SPDX-License-Identifier: Apache-2.0
# C without comments and without what stands in strings, each line as "file:line:code".
FNR == 1 { in_comment = 0 }
{
	code = ""
	rest = $0
	while (rest != "") {
		if (in_comment) {
			end = index(rest, "*/")
			if (end == 0)
				break
			rest = substr(rest, end + 2)
			in_comment = 0
		} else if (substr(rest, 1, 2) == "/*") {
			in_comment = 1
			rest = substr(rest, 3)
		} else if (substr(rest, 1, 2) == "//") {
			break
		} else if (match(rest, /^"([^"\\]|\\.)*"/)) {
			# the name of a header is code, any other string is not
			code = code (code ~ /^[ \t]*#[ \t]*include/ ? substr(rest, 1, RLENGTH) : "\"\"")
			rest = substr(rest, RLENGTH + 1)
		} else if (match(rest, /^'([^'\\]|\\.)*'/)) {
			code = code "''"
			rest = substr(rest, RLENGTH + 1)
		} else {
			code = code substr(rest, 1, 1)
			rest = substr(rest, 2)
		}
	}
	print FILENAME ":" FNR ":" code
}
