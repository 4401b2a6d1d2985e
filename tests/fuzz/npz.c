/* npz.c — any bytes as one array, and as an archive of them: what is read stays inside.
 */

#include "data/npz.h"

#include "fuzz.h"

#include <assert.h>

static void check_array(const tally_npy *a, const uint8_t *bytes, size_t count)
{
    assert(a->values >= bytes && a->values + a->count * a->size == bytes + count);
    for (size_t i = 0; i < a->count; i++) {
        int64_t whole;
        tally_status status = tally_npy_integer(a, i, &whole);

        assert(status == TALLY_OK || status == TALLY_FORMAT);
        tally_npy_real(a, i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    tally_npy a;
    tally_npz z;
    bool is_there;
    tally_status status = tally_npy_parse(&a, "input", bytes, count);

    assert(status == TALLY_OK || status == TALLY_FORMAT);
    if (!status) check_array(&a, bytes, count);
    status = tally_npz_unpack(&z, "input", bytes, count);
    assert(status == TALLY_OK || status == TALLY_FORMAT);
    for (size_t i = 0; !status && i < z.count; i++) {
        const tally_npz_member *m = &z.members[i];

        assert(m->count <= count * 1032);
        tally_status found = tally_npz_find(&z, m->key, &a, &is_there);
        assert(is_there && (found == TALLY_OK || found == TALLY_FORMAT));
        if (!found) check_array(&a, m->bytes, m->count);
    }
    if (status) assert(*tally_error_sentence());
    tally_npz_close(&z);
    return 0;
}
