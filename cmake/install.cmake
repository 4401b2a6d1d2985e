# install.cmake — headers, library and program; find_package(Tally) and pkg-config.

include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Tally)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(DIRECTORY include/tally TYPE INCLUDE)
install(FILES LICENSE TYPE DOC)
install(TARGETS tally EXPORT TallyTargets)
install(EXPORT TallyTargets NAMESPACE Tally:: DESTINATION ${package_dir})

# A shared library has its own needs linked in; who links a static one links them too.
set(TALLY_IS_STATIC OFF)
if(NOT BUILD_SHARED_LIBS)
  set(TALLY_IS_STATIC ON)
endif()
string(REPLACE ";" " " TALLY_MODULES "${modules}")
configure_package_config_file(cmake/TallyConfig.cmake.in TallyConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(TallyConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/TallyConfig.cmake
  ${PROJECT_BINARY_DIR}/TallyConfigVersion.cmake DESTINATION ${package_dir})

# The prefix is told relative to tally.pc, so that `cmake --install --prefix` may set it.
file(RELATIVE_PATH TALLY_PREFIX /${pkgconfig_dir} /)
string(REPLACE ";" " " needed_libs "${MPI_C_LIBRARIES} -lm -pthread")
if(TALLY_IS_STATIC)
  set(TALLY_REQUIRES "${TALLY_MODULES}")
  set(TALLY_LIBS "${needed_libs}")
else()
  set(TALLY_REQUIRES_PRIVATE "${TALLY_MODULES}")
  set(TALLY_LIBS_PRIVATE "${needed_libs}")
endif()
if(TALLY_DOUBLE)
  set(TALLY_CFLAGS -DTALLY_DOUBLE)
endif()
configure_file(cmake/tally.pc.in tally.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/tally.pc DESTINATION ${pkgconfig_dir})

if(TARGET tally_cli)
  install(TARGETS tally_cli)
endif()
