# Two stages: the first installs what the lock says, the second carries only the result.
FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt /tmp/
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r /tmp/requirements.txt

FROM python:3.12-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/var/lib/meguru
RUN useradd --system --create-home meguru && install -d -o meguru /var/lib/meguru /var/lib/meguru/attachments
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py ./
COPY project project
COPY departments departments
COPY workflows workflows
COPY notifications notifications
# These two commands need some key; a running container gets its own from the environment.
RUN export SECRET_KEY=build && python manage.py compile_texts && python manage.py collectstatic --noinput \
    && chown -R meguru /var/lib/meguru
USER meguru
EXPOSE 8000
CMD ["waitress-serve", "--port=8000", "--threads=8", "--max-request-body-size=52428800", "project.wsgi:application"]
