{% macro euros(expression) %}cast({{ expression }} as decimal(12, 2)){% endmacro %}
