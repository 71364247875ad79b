#!/bin/sh
# Grade at PrairieLearn: run.sh LAB SECONDS. Always leaves /grade/results/results.json and ends with
# 0: otherwise PrairieLearn shows its own error and takes no result.
lab=$1
seconds=$2
grade=${GRADE:-/grade}
results=$grade/results
fresh=$results/.results.json.new

mkdir -p "$results"
chmod 700 "$results" # programs of students run under other user ids
set -- grade "$lab" "$grade/student" --sandbox inside --runs /tmp/runs --write "prairielearn=$fresh"
rubric=$grade/tests/rubric.toml
if [ -f "$rubric" ]; then set -- "$@" --rubric "$rubric"; fi

timeout --kill-after=20 "$seconds" forklab "$@"
status=$?

# 0 and 1 are judgements; with another status a file may be there that says so, too.
if [ ! -s "$fresh" ]; then
  printf '{"gradable": false, "format_errors": ["%s"]}\n' \
    "This was not judged, and that is not its fault: the grader ended with status $status." \
    > "$fresh"
fi
mv "$fresh" "$results/results.json"
exit 0
