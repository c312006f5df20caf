# SPDX-License-Identifier: Apache-2.0
# Writes backend_table.c, the NULL-terminated table of the backends that are
# built, in the order in which they are listed to users. It defines
# svc__backend_table, which backend/backend.h declares.
set(backends "")
if(SVC_BACKEND_FILE)
    list(APPEND backends file)
endif()

set(SVC_BACKEND_EXTERNS "")
set(SVC_BACKEND_ENTRIES "")
foreach(name IN LISTS backends)
    string(APPEND SVC_BACKEND_EXTERNS
        "extern const struct svc__backend_ops svc__backend_${name};\n")
    string(APPEND SVC_BACKEND_ENTRIES "    &svc__backend_${name},\n")
endforeach()
set(backend_table "${CMAKE_CURRENT_BINARY_DIR}/generated/backend_table.c")
configure_file(cmake/backend_table.c.in "${backend_table}" @ONLY)
list(APPEND sources "${backend_table}")
