#!/usr/bin/env bash
# The page of `tally report` in headless Chromium: what is there and where, in light and dark, on a
# phone, on paper, by keyboard; and axe-core finds nothing that keeps people from reading it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"

here=$(cd "$(dirname "$0")" && pwd)
cd "$work" || exit 1
if ! python3 -c "import sys; sys.path.insert(0, '$here'); import browser; sys.exit(not browser.find())"; then
    echo "there is no chromium here: the page was not looked at"
    exit 77
fi
make_runs
crowd=()
for i in 1 2 3 4 5 6 7 8 9 10; do
    cp -r more-sums "crowd-$i"
    sed -i "s/\"rate\": \"0.1\"/\"rate\": \"0.1$i\"/" "crowd-$i/manifest.json"
    crowd+=("crowd-$i")
done

report() { "$TALLY" report "$@" 2>err || fail "report $*: $(cat err)"; }
report sums -o one.html
cp -r votes mammoth-WWW # wide letters
report sums more-sums votes served mammoth-WWW -o many.html
report "evil <b>" -o evil.html
report sums "${crowd[@]}" -o crowd.html

skipped=0
"$here/get-axe" axe.js 2>err || {
    skipped=77
    echo "$(cat err): the page was not checked by axe-core"
    : >axe.js
}
python3 "$here/report-page.py" axe.js one.html many.html evil.html crowd.html || fail "the pages"
finish
exit $skipped
