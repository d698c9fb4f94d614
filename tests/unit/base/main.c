/* SPDX-License-Identifier: Apache-2.0 */
#include "base/support.h"

int
main(void)
{
	int failed = run_arena_tests();

	failed += run_arena_process_tests();
	failed += run_buf_tests();
	failed += run_duration_tests();
	failed += run_error_tests();
	failed += run_file_tests();
	failed += run_file_content_tests();
	failed += run_form_tests();
	failed += run_host_name_tests();
	failed += run_http_tests();
	failed += run_io_tests();
	failed += run_json_tests();
	failed += run_json_corpus_tests();
	failed += run_mask_tests();
	failed += run_text_tests();
	failed += run_url_tests();
	return failed == 0 ? 0 : 1;
}
