#!/bin/sh
# The black box: beam.sh --width W --height H --steel mild|hard --plies N
# The stress in a beam, and its weight; a beam that is too slender gives no answer.
awk -v words="$*" 'BEGIN {
    n = split(words, word, " ")
    for (k = 1; k < n; k += 2) value[substr(word[k], 3)] = word[k + 1]
    w = value["width"]; h = value["height"]; strength = value["steel"] == "hard" ? 1.5 : 1
    if (h > 1.6 * w) exit 3
    printf "weight\t%.10g\n", w * h * value["plies"]
    printf "Result of algorithm run: SUCCESS, 0.01, -1, %.10g, 0\n", 600 / (w * h * h * value["plies"] * strength)
}'
