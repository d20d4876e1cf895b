"""Names of Athena's functions (Trino's) that folders and stacks both have, for SHOW FUNCTIONS and for suggestions."""

from __future__ import annotations

FUNCTIONS = """
abs acos any_match approx_distinct approx_percentile arbitrary array_agg array_distinct array_except array_intersect
array_join array_max array_min array_position array_remove array_sort array_union arrays_overlap asin atan atan2 avg
bool_and bool_or cardinality cast cbrt ceil ceiling chr coalesce codepoint concat concat_ws contains corr cos count
count_if covar_pop covar_samp current_date current_timestamp date date_add date_diff date_format date_parse date_trunc
day day_of_month day_of_week day_of_year degrees dense_rank element_at every exp extract filter first_value flatten
floor format from_base64 from_iso8601_date from_iso8601_timestamp from_unixtime greatest hour if json_array_length
json_extract json_extract_scalar json_format json_parse kurtosis lag last_day_of_month last_value lead least length
levenshtein_distance ln log log10 log2 lower lpad ltrim map map_concat map_entries map_filter map_from_entries map_keys
map_values max max_by md5 min min_by minute mod month none_match now nth_value ntile nullif percent_rank pi power
quarter radians rand random rank reduce regexp_count regexp_extract regexp_extract_all regexp_like regexp_replace
repeat replace reverse round row_number rpad rtrim second sequence sha256 sign sin skewness slice split split_part sqrt
starts_with stddev stddev_pop stddev_samp strpos substr substring sum tan to_base64 to_hex to_unixtime transform
transform_keys transform_values translate trim truncate try try_cast typeof upper url_extract_host url_extract_path
var_pop var_samp variance week year zip_with
""".split()
