# SPDX-License-Identifier: Apache-2.0
# What is installed: one header, the two libraries, the pkg-config file, the
# CMake package, svcctl and its second name, completions, and documents.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/libsvc")
set_target_properties(svc_shared PROPERTIES EXPORT_NAME libsvc)
set_target_properties(svc_static PROPERTIES EXPORT_NAME libsvc_static)
add_library(libsvc::libsvc ALIAS svc_shared)
add_library(libsvc::libsvc_static ALIAS svc_static)

install(FILES include/svc/svc.h
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/svc")
install(TARGETS svc_shared EXPORT libsvc
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(TARGETS svc_static EXPORT libsvc_static
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT libsvc NAMESPACE libsvc::
    FILE libsvc-targets.cmake DESTINATION "${package_dir}")
install(EXPORT libsvc_static NAMESPACE libsvc::
    FILE libsvc-static-targets.cmake DESTINATION "${package_dir}")

string(REGEX REPLACE " [^;]*" "" SVC_PC_MODULES "${SVC_PC_REQUIRES}")
if(SVC_BACKEND_APISERVER)
    list(APPEND SVC_PC_MODULES libcurl)
endif()
configure_package_config_file(cmake/libsvc-config.cmake.in
    "${CMAKE_CURRENT_BINARY_DIR}/generated/libsvc-config.cmake"
    INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
    "${CMAKE_CURRENT_BINARY_DIR}/generated/libsvc-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES
    "${CMAKE_CURRENT_BINARY_DIR}/generated/libsvc-config.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/generated/libsvc-config-version.cmake"
    DESTINATION "${package_dir}")

# The prefix is known when it is installed: cmake --install --prefix changes it.
list(JOIN SVC_PC_REQUIRES ", " pc_requires)
foreach(dir LIBDIR INCLUDEDIR)
    if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")
        set(pc_${dir} "${CMAKE_INSTALL_${dir}}")
    else()
        set(pc_${dir} "\\\${prefix}/${CMAKE_INSTALL_${dir}}")
    endif()
endforeach()
install(CODE "
    set(PROJECT_DESCRIPTION \"${PROJECT_DESCRIPTION}\")
    set(PROJECT_VERSION \"${PROJECT_VERSION}\")
    set(SVC_PC_REQUIRES \"${pc_requires}\")
    set(SVC_PC_LIBS \"${SVC_PC_LIBS}\")
    set(SVC_PC_LIBDIR \"${pc_LIBDIR}\")
    set(SVC_PC_INCLUDEDIR \"${pc_INCLUDEDIR}\")
    configure_file(\"${CMAKE_CURRENT_SOURCE_DIR}/pkgconfig/libsvc.pc.in\"
        \"${CMAKE_CURRENT_BINARY_DIR}/generated/libsvc.pc\" @ONLY)")
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/generated/libsvc.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

if(TARGET svcctl)
    file(RELATIVE_PATH to_lib
        "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
    set_target_properties(svcctl PROPERTIES INSTALL_RPATH "$ORIGIN/${to_lib}")
    # kubectl finds the program under this name as its plug-in "svc".
    add_custom_command(TARGET svcctl POST_BUILD
        COMMAND ${CMAKE_COMMAND} -E create_symlink svcctl kubectl-svc)
    install(TARGETS svcctl DESTINATION "${CMAKE_INSTALL_BINDIR}")
    install(FILES "${CMAKE_CURRENT_BINARY_DIR}/kubectl-svc"
        DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

# svcctl writes its own completions, where it can run: not when cross-compiling.
if(TARGET svcctl AND NOT CMAKE_CROSSCOMPILING)
    foreach(place
            bash:${CMAKE_INSTALL_DATADIR}/bash-completion/completions:svcctl
            zsh:${CMAKE_INSTALL_DATADIR}/zsh/site-functions:_svcctl
            fish:${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d:svcctl.fish)
        string(REPLACE ":" ";" place "${place}")
        list(POP_FRONT place shell folder name)
        set(script "${CMAKE_CURRENT_BINARY_DIR}/generated/completion/${name}")
        add_custom_command(TARGET svcctl POST_BUILD VERBATIM
            COMMAND ${CMAKE_COMMAND} -E make_directory
                "${CMAKE_CURRENT_BINARY_DIR}/generated/completion"
            COMMAND svcctl completion ${shell} > "${script}")
        install(FILES "${script}" DESTINATION "${folder}")
    endforeach()
endif()

file(GLOB documents CONFIGURE_DEPENDS docs/*.md)
# Laid out as in the tree, so that their links hold.
install(FILES ${documents} DESTINATION "${CMAKE_INSTALL_DOCDIR}/docs")
set(documents "")
foreach(document README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${document}")
        list(APPEND documents "${CMAKE_CURRENT_SOURCE_DIR}/${document}")
    endif()
endforeach()
install(FILES ${documents} DESTINATION "${CMAKE_INSTALL_DOCDIR}")
