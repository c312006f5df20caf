/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the rule by which a sized struct is filled.
 */
#include "base/sized.h"

#include <string.h>
#include <svc/svc.h>

int svc__sized_write(void *theirs, const void *ours, size_t size)
{
    size_t room;

    memcpy(&room, theirs, sizeof(room));
    if (room < sizeof(room) || room > SVC__SIZED_MAX)
        return SVC_EINVAL;
    if (room > size) {
        memset((char *)theirs + size, 0, room - size);
        room = size;
    }
    memcpy((char *)theirs + sizeof(room), (const char *)ours + sizeof(room),
           room - sizeof(room));
    return 0;
}
